EXTRA_DIST += %D%/README.md \
	%D%/libp2p/uvarint.json %D%/libp2p/yamux.json %D%/libp2p/multistream.json \
	%D%/libp2p/noise-xx.json %D%/libp2p/noise-payload.json \
	%D%/libp2p/peer-id.json %D%/libp2p/multiaddr.json %D%/libp2p/identify.json %D%/libp2p/gossipsub-rpc.json \
	%D%/state/flat-root.json %D%/state/wire.json \
	%D%/predecessor/attestation.json %D%/predecessor/env-pair.json %D%/predecessor/errors-and-http.json \
	%D%/predecessor/fresh-node-p2p-disabled.json %D%/predecessor/gossip-proof-event.json \
	%D%/predecessor/log-lines.txt %D%/predecessor/merkle-flat-root.json \
	%D%/predecessor/p2p-enabled-library-missing.json %D%/predecessor/p2p-started-no-peers.json \
	%D%/predecessor/signed-node-three-entries.json %D%/predecessor/snapshot-example.json \
	%D%/predecessor/sync-switch.json
