// smoldot.js - smoldot, which has a Noise, a Yamux and a multistream of its own, dials ADDRESS: the peer is the only boot node of a chain it is
// told to follow. It finds no chain there, but a peer that answers its pings.
//
//   events    listening (peerId null: it does not listen), handshake {text}, pong {text}
//   commands  quit; end of input stops it
import { createInterface } from 'node:readline'
import { chainSpec } from '@polkadot-api/known-chains/paseo'
import { start } from 'smoldot'

const EVENTS = { 'handshake-finished': 'handshake', pong: 'pong' }
const LOG_DEBUG = 4

const say = (ev, fields = {}) => process.stdout.write(JSON.stringify({ ev, ...fields }) + '\n')

// What happens on connections is told by the log alone: "EVENT; name=value, ...".
function read(level, target, text) {
    const event = target === 'network' && EVENTS[text.split(';', 1)[0]]
    if (event) {
        say(event, { text })
    }
}

const client = start({ maxLogLevel: LOG_DEBUG, logCallback: read })
say('listening', { peerId: null, addrs: [] })
await client.addChain({ chainSpec: JSON.stringify({ ...JSON.parse(chainSpec), bootNodes: [process.argv[2]] }) })
for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === 'quit') {
        break
    }
}
await client.terminate()
say('bye')
process.exit(0)
