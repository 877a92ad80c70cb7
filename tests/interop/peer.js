// peer.js - the test peer on js-libp2p: commands come in on standard input, one JSON object a line goes out. The same lines as
// lattice_peer.c, so that a test can put either on either side of a connection.
//
//   options   --listen PORT|none  --host IP  --dial MULTIADDR  --key ed25519|secp256k1|rsa  --seed HEX64 (ed25519)  --no-early-mux  --quiet
//             --mdns  --topic T (may repeat)  --gossip 1.2|1.1|1.0|off  --unsigned
//   commands  dial ADDR, hangup PEER|ADDR, ping PEER|ADDR, identify PEER, handle PROTOCOL, peers, protocols [PEER], mem, quit,
//             perf ADDR UP_MIB DOWN_MIB, ping-bench ADDR N, stream-bench ADDR N, hs-bench ADDR N CONCURRENCY, publish TEXT,
//             publish-hex HEX [TOPIC], publish-size N [TOPIC], subscribe T, unsubscribe T, mesh [T], gossip-bench N SIZE RATE [TOPIC],
//             gossip-reset, gossip-report
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const PING = '/ipfs/ping/1.0.0'
const PING_LEN = 32
const PERF = '/perf/1.0.0'
const MIB = 1024 * 1024
const zeros = new Uint8Array(65536)

const { values: options } = parseArgs({
    options: {
        listen: { type: 'string', default: '0' },
        host: { type: 'string', default: '127.0.0.1' },
        dial: { type: 'string', multiple: true, default: [] },
        key: { type: 'string', default: 'ed25519' },
        seed: { type: 'string' },
        topic: { type: 'string', multiple: true, default: [] },
        gossip: { type: 'string', default: '1.2' },
        unsigned: { type: 'boolean', default: false },
        mdns: { type: 'boolean', default: false },
        'no-early-mux': { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
    },
})

const say = (ev, fields = {}) => process.stdout.write(JSON.stringify({ ev, ...fields }) + '\n')
const now = () => performance.now()
const rounded = (value) => Number(value.toFixed(3))

function quantile(sorted, part) {
    return rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))])
}

function makeKey() {
    if (options.seed !== undefined) {
        return generateKeyPairFromSeed('Ed25519', Buffer.from(options.seed, 'hex'))
    }
    const types = { ed25519: ['Ed25519'], secp256k1: ['secp256k1'], rsa: ['RSA', 2048] }
    return generateKeyPair(...types[options.key])
}

// Noise that says nothing of muxers: they are then negotiated by multistream inside the channel.
function withoutMuxers(make) {
    return (components) => {
        const secure = make(components)
        const plain = (how) => (connection, more) => how.call(secure, connection, { ...more, skipStreamMuxerNegotiation: true })
        return {
            protocol: secure.protocol,
            secureInbound: plain(secure.secureInbound),
            secureOutbound: plain(secure.secureOutbound),
        }
    }
}

const VERSIONS = ['1.0', '1.1', '1.2']

// Gossip of this and all older versions. Large messages need larger limits than the defaults.
function withGossip(services) {
    return {
        ...services,
        pubsub: (components) => {
            const pubsub = gossipsub({
                allowPublishToZeroTopicPeers: true,
                globalSignaturePolicy: options.unsigned ? 'StrictNoSign' : 'StrictSign',
                maxInboundDataLength: 4 * MIB,
                maxOutboundBufferSize: 64 * MIB,
                ...(options.unsigned ? { msgIdFn: (message) => createHash('sha256').update(message.data).digest() } : {}),
            })(components)
            const newest = VERSIONS.indexOf(options.gossip)
            pubsub.protocols = VERSIONS.slice(0, newest + 1).reverse().map((version) => `/meshsub/${version}.0`)
            return pubsub
        },
    }
}

async function makeNode(privateKey, listen, gossip = false) {
    const services = { identify: identify(), identifyPush: identifyPush({ debounce: 50 }), ping: ping({ maxInboundStreams: 64 }) }
    return createLibp2p({
        privateKey,
        addresses: { listen },
        transports: [tcp()],
        connectionEncrypters: [options['no-early-mux'] ? withoutMuxers(noise()) : noise()],
        streamMuxers: [yamux()],
        peerDiscovery: options.mdns ? [mdns()] : [],
        // The limits for strangers would end a test that connects a hundred times from one address.
        connectionManager: { inboundConnectionThreshold: 100000, maxIncomingPendingConnections: 1000, maxConnections: 1000 },
        connectionMonitor: { enabled: false },
        services: gossip ? withGossip(services) : services,
    })
}

// --- perf ---------------------------------------------------------------------------------------------

async function sendZeros(stream, left) {
    while (left > 0) {
        const len = Math.min(left, zeros.length)
        left -= len
        if (!stream.send(zeros.subarray(0, len))) {
            await stream.onDrain()
        }
    }
}

// All pieces of a stream up to the other side's end. Its own iterator waits for an end that has come before it was asked.
function readAll(stream, take) {
    return new Promise((resolve, reject) => {
        const look = () => stream.readableEnded && resolve()
        stream.addEventListener('message', ({ data }) => take(data.subarray()))
        stream.addEventListener('end', look)
        stream.addEventListener('close', ({ error }) => error ? reject(error) : look())
        look()
    })
}

async function servePerf(stream) {
    const head = new Uint8Array(8)
    let up = 0
    await readAll(stream, (piece) => {
        if (up < head.length) {
            head.set(piece.subarray(0, Math.min(piece.length, head.length - up)), up)
        }
        up += piece.length
    })
    const down = Number(new DataView(head.buffer).getBigUint64(0))
    await sendZeros(stream, down)
    await stream.close()
    say('perf:served', { up: up - head.length, down })
}

async function perf(connection, up, down) {
    const began = now()
    const stream = await connection.newStream(PERF)
    const head = new Uint8Array(8)
    new DataView(head.buffer).setBigUint64(0, BigInt(down))
    stream.send(head)
    let received = 0
    const reading = readAll(stream, (piece) => { received += piece.length })
    await sendZeros(stream, up)
    await stream.close()
    await reading
    if (received !== down) {
        throw new Error(`${received} of ${down} bytes came down`)
    }
    const secs = (now() - began) / 1000
    return { up, down, secs: rounded(secs), mib_s: rounded((up + down) / MIB / secs) }
}

// --- ping ---------------------------------------------------------------------------------------------

// One stream that many pings can be sent on: ping() gives the round trip in ms.
async function pingStream(connection) {
    const stream = await connection.newStream(PING)
    let got = 0
    let waiting
    stream.addEventListener('message', ({ data }) => {
        got += data.byteLength
        if (got >= PING_LEN) {
            got = 0
            waiting?.resolve()
        }
    })
    stream.addEventListener('close', () => waiting?.reject(new Error('the ping stream has ended')))
    return {
        async ping() {
            const began = now()
            waiting = Promise.withResolvers()
            stream.send(crypto.getRandomValues(new Uint8Array(PING_LEN)))
            await waiting.promise
            return now() - began
        },
        close() {
            waiting = undefined
            return stream.close()
        },
    }
}

async function pingOnce(connection) {
    const stream = await pingStream(connection)
    const ms = await stream.ping()
    await stream.close()
    return ms
}

// --- gossip -------------------------------------------------------------------------------------------

const BENCH_HEAD_LEN = 14
let report

function resetReport() {
    report = { received: 0, seen: new Set(), first: 0, last: 0, late: [] }
}
resetReport()

const topicOf = (word) => word ?? options.topic[0] ?? 'lattice'

async function publish(topic, data) {
    return { recipients: (await node.services.pubsub.publish(topic, data)).recipients.map(String) }
}

// "LB", u32 sequence, u64 nanoseconds of the clock that all processes share.
function stamp(size, sequence) {
    const data = new Uint8Array(size)
    const view = new DataView(data.buffer)
    data.set([0x4c, 0x42])
    view.setUint32(2, sequence)
    view.setBigUint64(6, process.hrtime.bigint())
    return data
}

function takeBench(data) {
    if (data.length < BENCH_HEAD_LEN || data[0] !== 0x4c || data[1] !== 0x42) {
        return false
    }
    const view = new DataView(data.buffer, data.byteOffset)
    report.last = now()
    if (report.received++ === 0) {
        report.first = report.last
    }
    report.seen.add(view.getUint32(2))
    report.late.push(Number(process.hrtime.bigint() - view.getBigUint64(6)) / 1e6)
    return true
}

function tellMessage({ detail: { propagationSource, msg } }) {
    if (takeBench(msg.data) || options.quiet) {
        return
    }
    const signed = msg.type === 'signed'
    say('message', {
        topic: msg.topic, from: signed ? msg.from.toString() : undefined, signed, via: propagationSource.toString(),
        seqno: signed ? msg.sequenceNumber.toString() : undefined, len: msg.data.length,
        text: msg.data.length <= 256 ? Buffer.from(msg.data).toString() : undefined,
        sha256: createHash('sha256').update(msg.data).digest('hex'),
    })
}

function tellGossip(pubsub) {
    pubsub.addEventListener('gossipsub:message', tellMessage)
    if (options.quiet) {
        return
    }
    pubsub.addEventListener('subscription-change', ({ detail: { peerId, subscriptions } }) => {
        for (const { topic, subscribe } of subscriptions) {
            say('subscription', { peer: peerId.toString(), topic, subscribe })
        }
    })
    for (const kind of ['graft', 'prune']) {
        pubsub.addEventListener(`gossipsub:${kind}`, ({ detail }) => say(kind, {
            peer: detail.peerId, topic: detail.topic, dir: detail.direction,
        }))
    }
}

// Bytes that wait for the peers.
function queued() {
    return [...node.services.pubsub.streamsOutbound.values()].reduce((sum, one) => sum + one.rawStream.writeBufferLength, 0)
}

async function gossipBench(n, size, rate, topic) {
    const began = now()
    for (let sent = 0; sent < n; sent++) {
        const due = rate > 0 ? began + sent * 1000 / rate : 0
        while (rate > 0 ? now() < due : queued() > 256 * 1024) {
            await new Promise(setImmediate)
        }
        await node.services.pubsub.publish(topic, stamp(size, sent))
    }
    while (queued() > 0) {
        await new Promise(setImmediate)
    }
    const secs = (now() - began) / 1000
    return { sent: n, size, rate, secs: rounded(secs), per_s: rounded(n / secs) }
}

// --- commands -----------------------------------------------------------------------------------------

function find(who) {
    const id = who.startsWith('/') ? multiaddr(who).getComponents().findLast((part) => part.name === 'p2p')?.value : who
    return id && node.getConnections().find((one) => one.status === 'open' && one.remotePeer.toString() === id)
}

async function connect(who) {
    const there = find(who)
    if (there) {
        return there
    }
    if (!who.startsWith('/')) {
        throw new Error('not connected')
    }
    return node.dial(multiaddr(who), { signal: AbortSignal.timeout(15000) })
}

// Resolves when `dialer` has been told by identify whom it is connected to.
function identified(dialer) {
    return new Promise((resolve) => dialer.addEventListener('peer:identify', resolve, { once: true }))
}

async function dialAgain(address, left, times) {
    const dialer = await makeNode(await generateKeyPair('Ed25519'), [])
    let errors = 0
    while (left.count-- > 0) {
        const began = now()
        try {
            const known = identified(dialer)
            const connection = await dialer.dial(multiaddr(address), { force: true, signal: AbortSignal.timeout(15000) })
            await Promise.all([pingOnce(connection), known])
            times.push(now() - began)
            await connection.close()
        } catch {
            errors++
        }
    }
    await dialer.stop()
    return errors
}

const commands = {
    async dial(address) {
        const connection = await connect(address)
        return { peer: connection.remotePeer.toString(), enc: connection.encryption, mux: connection.multiplexer }
    },

    async hangup(who) {
        await find(who)?.close()
        return {}
    },

    async ping(who) {
        return { ms: rounded(await pingOnce(await connect(who))) }
    },

    async identify(who) {
        const result = await node.services.identify.identify(await connect(who))
        return { agent: result.agentVersion }
    },

    // A further protocol, which every connected peer is told of.
    async handle(protocol) {
        await node.handle(protocol, (stream) => stream.close())
        return {}
    },

    async peers() {
        return { peers: node.getPeers().map(String), connections: node.getConnections().length }
    },

    async protocols(who) {
        if (who === undefined) {
            return { protocols: node.getProtocols() }
        }
        return { protocols: (await node.peerStore.get((await connect(who)).remotePeer)).protocols }
    },

    async perf(who, up, down) {
        return perf(await connect(who), Number(up) * MIB, Number(down) * MIB)
    },

    async 'ping-bench'(who, n) {
        const stream = await pingStream(await connect(who))
        const times = []
        for (let i = 0; i < Number(n); i++) {
            times.push(await stream.ping() * 1000)
        }
        await stream.close()
        times.sort((a, b) => a - b)
        return { n: times.length, us: { p50: quantile(times, 0.5), p99: quantile(times, 0.99), max: times.at(-1) } }
    },

    // Open a stream, be answered on it, close it: n times.
    async 'stream-bench'(who, n) {
        const connection = await connect(who)
        const began = now()
        let errors = 0
        for (let i = 0; i < Number(n); i++) {
            await pingOnce(connection).catch(() => errors++)
        }
        const secs = (now() - began) / 1000
        return { n: Number(n), errors, secs: rounded(secs), per_s: rounded(Number(n) / secs) }
    },

    async 'hs-bench'(address, n, concurrency) {
        const began = now()
        const left = { count: Number(n) }
        const times = []
        const dialers = Array.from({ length: Number(concurrency) }, () => dialAgain(address, left, times))
        const errors = (await Promise.all(dialers)).reduce((sum, one) => sum + one, 0)
        const secs = (now() - began) / 1000
        times.sort((a, b) => a - b)
        const ms = times.length > 0 ? { p50: quantile(times, 0.5), p99: quantile(times, 0.99) } : {}
        return { n: Number(n), errors, secs: rounded(secs), per_s: rounded(times.length / secs), ms }
    },

    async publish(text) {
        return publish(topicOf(), Buffer.from(text))
    },

    async 'publish-hex'(hex, topic) {
        return publish(topicOf(topic), Buffer.from(hex, 'hex'))
    },

    async 'publish-size'(size, topic) {
        return publish(topicOf(topic), new Uint8Array(Number(size)).fill(0x78))
    },

    async subscribe(topic) {
        node.services.pubsub.subscribe(topic)
        return {}
    },

    async unsubscribe(topic) {
        node.services.pubsub.unsubscribe(topic)
        return {}
    },

    async mesh(word) {
        const topic = topicOf(word)
        return {
            topic, subscribers: node.services.pubsub.getSubscribers(topic).map(String), mesh: node.services.pubsub.getMeshPeers(topic),
        }
    },

    async 'gossip-bench'(n, size, rate, topic) {
        return gossipBench(Number(n), Number(size), Number(rate), topicOf(topic))
    },

    async 'gossip-reset'() {
        resetReport()
        return {}
    },

    async 'gossip-report'() {
        const { received, seen, first, last, late } = report
        const secs = (last - first) / 1000
        late.sort((a, b) => a - b)
        const lat = received > 0 ? { p50: quantile(late, 0.5), p90: quantile(late, 0.9), p99: quantile(late, 0.99), max: late.at(-1) } : {}
        return { received, unique: seen.size, secs: rounded(secs), per_s: secs > 0 ? rounded(received / secs) : 0, lat_ms: lat }
    },

    async mem() {
        const cpu = process.cpuUsage()
        return { rss_mib: rounded(process.memoryUsage.rss() / MIB), cpu_user_s: cpu.user / 1e6, cpu_sys_s: cpu.system / 1e6 }
    },
}

async function run(line) {
    const [cmd, ...words] = line.trim().split(/\s+/)
    try {
        if (!Object.hasOwn(commands, cmd)) {
            throw new Error('no such command')
        }
        say('ok', { cmd, ...await commands[cmd](...words) })
    } catch (error) {
        say('error', { cmd, message: String(error.message ?? error) })
    }
}

// --- events -------------------------------------------------------------------------------------------

function tell(node) {
    node.addEventListener('peer:discovery', ({ detail }) => say('discovered', {
        peer: detail.id.toString(), addrs: detail.multiaddrs.map(String),
    }))
    node.addEventListener('peer:connect', ({ detail }) => say('peer:connect', { peer: detail.toString() }))
    node.addEventListener('peer:disconnect', ({ detail }) => say('peer:disconnect', { peer: detail.toString() }))
    node.addEventListener('connection:open', ({ detail }) => say('connection:open', {
        peer: detail.remotePeer.toString(), dir: detail.direction, addr: detail.remoteAddr.toString(),
        enc: detail.encryption, mux: detail.multiplexer,
    }))
    node.addEventListener('connection:close', ({ detail }) => say('connection:close', { peer: detail.remotePeer.toString() }))
    node.addEventListener('peer:identify', ({ detail }) => say('identify', {
        peer: detail.peerId.toString(), agent: detail.agentVersion, protocolVersion: detail.protocolVersion,
        protocols: detail.protocols, listen: detail.listenAddrs.map(String), observed: detail.observedAddr?.toString(),
        signedRecord: detail.signedPeerRecord !== undefined,
    }))
}

const listen = options.listen === 'none' ? [] : [`/ip4/${options.host}/tcp/${options.listen}`]
const node = await makeNode(await makeKey(), listen, options.gossip !== 'off')
if (!options.quiet) {
    tell(node)
}
if (node.services.pubsub) {
    tellGossip(node.services.pubsub)
    options.topic.forEach((topic) => node.services.pubsub.subscribe(topic))
}
await node.handle(PERF, (stream) => servePerf(stream).catch((error) => stream.abort(error)))
say('listening', {
    peerId: node.peerId.toString(), addrs: node.getMultiaddrs().map(String), topics: options.topic, protocols: node.getProtocols(),
})
for (const address of options.dial) {
    await run(`dial ${address}`)
}
for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === 'quit') {
        break
    }
    if (line.trim() !== '') {
        await run(line)
    }
}
await node.stop()
say('bye')
process.exit(0)
