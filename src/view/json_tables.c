/* json_tables.c - the fields of a snapshot, by their names in JSON. */
#include "config.h"

#include "view/json_tables.h"

#include "view/alert_words.h"
#include "view/snapshot.h"

#define TABLE(fields) { (fields), sizeof(fields) / sizeof((fields)[0]) }

static const char *
state_text(unsigned value)
{
    return lung_state_name((enum lung_state)value);
}

static const char *
reason_text(unsigned value)
{
    return lung_reason_name((enum lung_reason)value);
}

static const char *
policy_text(unsigned value)
{
    return lung_policy_name((enum lung_policy)value);
}

static const char *
agreement_text(unsigned value)
{
    return agreement_name((enum agreement)value);
}

static const char *
difference_text(unsigned value)
{
    return key_difference_name((enum key_difference)value);
}

static const char *
key_reason_text(unsigned value)
{
    return key_reason_name((enum key_reason)value);
}

static const char *
way_text(unsigned value)
{
    return heal_way_name((enum heal_way)value);
}

static const char *
severity_text(unsigned value)
{
    return value == ALERT_ALARM ? "alarm" : "attention";
}

static const char *
alert_kind_text(unsigned value)
{
    return alert_kind_name((enum alert_kind)value);
}

static const char *
level_text(unsigned value)
{
    return lat_level_name((enum lat_level)value);
}

/* --- the tables --------------------------------------------------------------------------------- */

#define PLAIN(of, member) { .name = #member, .kind = (of), .offset = offsetof(HERE, member) }
#define SECONDS(of, stem) { .name = #stem "_s", .kind = (of), .offset = offsetof(HERE, stem##_ms) }
#define STRING(of, member)                                                                                \
    { .name = #member, .kind = (of), .offset = offsetof(HERE, member), .size = sizeof(((HERE *)0)->member) }
#define NAMED(member, text, values)                                                                         \
    { .name = #member, .kind = NAME, .offset = offsetof(HERE, member), .name_of = (text), .count = (values) }
#define MEMBERS(name_, array, number, of)                                                                   \
    { .name = (name_), .kind = LIST, .offset = offsetof(HERE, array), .size = sizeof(((HERE *)0)->array[0]), \
      .count = sizeof(((HERE *)0)->array) / sizeof(((HERE *)0)->array[0]),                                  \
      .count_offset = offsetof(HERE, number), .table = &(of) }
#define MERGED_IN(member, of) { .kind = MERGED, .offset = offsetof(HERE, member), .table = &(of) }
#define HISTORY(member)                                                                                     \
    { .name = #member, .kind = NUMBERS, .offset = offsetof(HERE, member),                        \
      .count = sizeof(((HERE *)0)->member) / sizeof(uint16_t) }

#define SLOTS_OF(member)                                                                                    \
    { .name = #member, .kind = SLOTS, .offset = offsetof(HERE, member),                          \
      .count = sizeof(((HERE *)0)->member) / sizeof(uint32_t) }

/* The order of STATE-MACHINE section 9, then what it does not name. */
#define HERE struct snapshot_lung
static const struct json_field lung_fields[] = {
    NAMED(state, state_text, LUNG_STATE_COUNT),
    NAMED(policy, policy_text, LUNG_POLICY_HTTP + 1),
    SECONDS(MS, since),
    NAMED(reason, reason_text, LUNG_REASON_COUNT),
    PLAIN(FLAG, degraded),
    PLAIN(U32, peers_live),
    PLAIN(U32, peers_connected),
    SECONDS(MS, no_peer),
    SECONDS(MS, fallback_in),
    SECONDS(MS, recover_in),
    PLAIN(FLAG, http_usable),
    PLAIN(FLAG, http_stale),
    PLAIN(FLAG, http_untrusted),
    PLAIN(U32, http_failures),
    STRING(TEXT_NULL, http_source),
    SECONDS(MS, http_age),
    STRING(TEXT_NULL, p2p_error),
    STRING(TEXT_NULL, http_error),
    PLAIN(U32, flaps),
    SECONDS(MS, hold),
    SECONDS(MS, forced_left),
    STRING(TEXT_NULL, forced_by),
    SECONDS(MS, fallback_after),
    PLAIN(U32, peers_known),
    PLAIN(FLAG, p2p_enabled),
    PLAIN(FLAG, p2p_available),
    PLAIN(FLAG, p2p_running),
    SECONDS(MS, last_exchange),
    PLAIN(U32, http_sources),
    SECONDS(MS, http_next),
    PLAIN(U64, flaps_total),
    PLAIN(U64, transitions_total),
    PLAIN(U64, unexpected_total),
};
#undef HERE
const struct json_table json_lung_table = TABLE(lung_fields);

#define HERE struct snapshot_state
static const struct json_field state_fields[] = {
    STRING(TEXT, root),
    STRING(TEXT, merkle_root), /* never null, as v3.0.3's clients expect; "" while it is computed */
    PLAIN(U64, count),
    PLAIN(U64, keys),
    PLAIN(HEX64, hlc),
    PLAIN(U64, changes_min),
    SECONDS(MS, commit_age),
    SECONDS(MS, verified_age),
    PLAIN(U64, store_bytes),
    PLAIN(FLAG, incomplete),
    PLAIN(FLAG, read_only),
    PLAIN(FLAG, damaged),
    PLAIN(U64, held),
    PLAIN(U64, lost),
    PLAIN(U32, scrub_percent),
    SECONDS(MS, scrub_age),
    STRING(TEXT_NULL, error),
};
#undef HERE
static const struct json_table state_table = TABLE(state_fields);

#define HERE struct snapshot_key
static const struct json_field key_fields[] = {
    STRING(TEXT, key),
    NAMED(difference, difference_text, KEY_REFUSED + 1),
    PLAIN(HEX64, ours_hlc),
    PLAIN(HEX64, theirs_hlc),
    NAMED(reason, key_reason_text, WINS_DIGEST + 1),
    STRING(TEXT_NULL, ours_author),
    STRING(TEXT_NULL, theirs_author),
    STRING(TEXT_NULL, ours_value),
    STRING(TEXT_NULL, theirs_value),
};
#undef HERE
static const struct json_table key_table = TABLE(key_fields);

#define HERE struct snapshot_difference
static const struct json_field difference_fields[] = {
    NAMED(way, way_text, WAY_STREAM + 1),
    PLAIN(FLAG, trust_differs),
    PLAIN(U32, but),
    PLAIN(U64, estimate),
    PLAIN(FLAG, exact),
    PLAIN(U32, theirs_newer),
    PLAIN(U32, ours_newer),
    PLAIN(U32, only_theirs),
    PLAIN(U32, only_ours),
    PLAIN(U32, refused),
    PLAIN(U32, deleted),
    PLAIN(U32, given),
    PLAIN(U32, given_taken),
    PLAIN(U32, given_refused),
    PLAIN(U32, undelivered),
    PLAIN(U32, held),
    PLAIN(U32, untrusted),
    PLAIN(U32, bad_signatures),
    PLAIN(U32, malformed),
    PLAIN(U32, below_horizon),
    PLAIN(U32, not_stored),
    PLAIN(U32, fruitless),
    STRING(TEXT_NULL, subtrees),
};
#undef HERE
static const struct json_table difference_table = TABLE(difference_fields);
#define HERE struct snapshot_traffic
static const struct json_field traffic_fields[] = {
    PLAIN(U64, bytes_in),
    PLAIN(U64, bytes_out),
    SLOTS_OF(in_5s),
    SLOTS_OF(out_5s),
};
#undef HERE
static const struct json_table traffic_table = TABLE(traffic_fields);

#define HERE struct snapshot_stand
static const struct json_field stand_fields[] = {
    STRING(TEXT_NULL, root),
    PLAIN(U64, count),
    NAMED(agreement, agreement_text, AGREE_COUNT),
    SECONDS(MS, differs),
    PLAIN(U32, differs_checks),
    STRING(TEXT_NULL, error),
    PLAIN(FLAG, healing),
    SECONDS(MS, backoff),
    PLAIN(U32, heal_percent),
    SECONDS(MS, heal_age),
    PLAIN(U32, heal_applied),
    PLAIN(U32, heal_same),
    PLAIN(U32, heal_refused),
    PLAIN(U32, heal_ours),
    PLAIN(U64, heal_bytes),
    SECONDS(MS_U32, heal),
    PLAIN(U32, key_total),
    MEMBERS("keys", keys, key_count, key_table),
    { .name = "difference", .kind = OBJECT, .offset = offsetof(HERE, difference), .table = &difference_table },
};
#undef HERE
static const struct json_table stand_table = TABLE(stand_fields);

#define HERE struct snapshot_source
static const struct json_field source_fields[] = {
    STRING(TEXT, url),
    STRING(TEXT, name),
    STRING(TEXT_NULL, public_key),
    PLAIN(FLAG, lattice),
    PLAIN(FLAG, known),
    PLAIN(FLAG, usable),
    PLAIN(FLAG, trusted),
    SECONDS(MS, ok_age),
    SECONDS(MS, try_age),
    SECONDS(MS, next),
    PLAIN(U32, failures),
    SECONDS(MS_U32, rtt),
    PLAIN(U64, polls),
    PLAIN(U64, polls_ok),
    PLAIN(U64, polls_failed),
    MERGED_IN(traffic, traffic_table),
    MERGED_IN(stand, stand_table),
};
#undef HERE
static const struct json_table source_table = TABLE(source_fields);

#define HERE struct snapshot_peer
static const struct json_field peer_fields[] = {
    STRING(TEXT, id),
    STRING(TEXT_NULL, public_key),
    STRING(TEXT, name),
    STRING(TEXT, address),
    STRING(TEXT, agent),
    PLAIN(FLAG, connected),
    PLAIN(FLAG, live),
    PLAIN(FLAG, outbound),
    PLAIN(I64, rtt_us),
    SECONDS(MS, since),
    MERGED_IN(traffic, traffic_table),
    PLAIN(FLAG, trusted),
    PLAIN(FLAG, subscribed),
    PLAIN(FLAG, in_mesh),
    PLAIN(U64, messages_in),
    PLAIN(U64, messages_out),
    PLAIN(INTEGER, score),
    SECONDS(MS, exchange),
    SECONDS(MS, heard),
    PLAIN(INTEGER, clock_ms),
    STRING(TEXT_NULL, why_not),
    MERGED_IN(stand, stand_table),
};
#undef HERE
static const struct json_table peer_table = TABLE(peer_fields);

#define HERE struct snapshot_gossip
static const struct json_field gossip_fields[] = {
    PLAIN(U32, subscribers),
    PLAIN(U32, mesh),
    PLAIN(U64, received),
    PLAIN(U64, duplicates),
    PLAIN(U64, accepted),
    PLAIN(U64, ignored),
    PLAIN(U64, rejected),
    PLAIN(U64, published),
    PLAIN(U64, repaired),
    PLAIN(U64, records_applied),
    PLAIN(U64, dropped),
};
#undef HERE
static const struct json_table gossip_table = TABLE(gossip_fields);

#define HERE struct snapshot_doubts
static const struct json_field doubts_fields[] = {
    SECONDS(MS, twin),
    SECONDS(MS, rollback),
    PLAIN(INTEGER, clock_off_ms),
    STRING(TEXT_NULL, two_faces),
};
#undef HERE
static const struct json_table doubts_table = TABLE(doubts_fields);

#define HERE struct snapshot_alert
static const struct json_field alert_fields[] = {
    STRING(TEXT, code),
    NAMED(severity, severity_text, ALERT_ALARM + 1),
    SECONDS(MS, since),
    STRING(TEXT, text),
    NAMED(kind, alert_kind_text, ALERT_KIND_COUNT),
    STRING(TEXT_NULL, who),
    STRING(TEXT_NULL, what),
    STRING(TEXT_NULL, why),
    PLAIN(U64, n),
};
#undef HERE
static const struct json_table alert_table = TABLE(alert_fields);

#define HERE struct lat_log_line
static const struct json_field event_fields[] = {
    PLAIN(U64, seq),
    SECONDS(MS_U64, wall),
    NAMED(level, level_text, LAT_ERROR + 1),
    STRING(TEXT, source),
    STRING(TEXT, text),
};
#undef HERE
static const struct json_table event_table = TABLE(event_fields);

#define HERE struct snapshot
static const struct json_field snapshot_fields[] = {
    PLAIN(U32, schema),
    PLAIN(U64, number),
    SECONDS(MS_U64, wall),
    STRING(TEXT, version),
    STRING(TEXT, name),
    STRING(TEXT, network),
    STRING(TEXT, peer_id),
    STRING(TEXT, public_key),
    STRING(TEXT, topic),
    STRING(TEXT_NULL, api_address),
    STRING(TEXT_NULL, api_error),
    STRING(TEXT, p2p_listen),
    STRING(TEXT, state_dir),
    PLAIN(I64, pid),
    SECONDS(MS, uptime),
    PLAIN(U32, trusted_keys),
    PLAIN(FLAG, demo),
    { .name = "lung", .kind = OBJECT, .offset = offsetof(HERE, lung), .table = &json_lung_table },
    { .name = "state", .kind = OBJECT, .offset = offsetof(HERE, state), .table = &state_table },
    MEMBERS("sources", sources, source_count, source_table),
    { .name = "gossip", .kind = OBJECT, .offset = offsetof(HERE, gossip), .table = &gossip_table },
    { .name = "doubts", .kind = OBJECT, .offset = offsetof(HERE, doubts), .table = &doubts_table },
    PLAIN(U32, peer_total),
    MEMBERS("peers", peers, peer_count, peer_table),
    MEMBERS("alerts", alerts, alert_count, alert_table),
    PLAIN(U64, event_total),
    MEMBERS("events", events, event_count, event_table),
    HISTORY(history_keys),
    HISTORY(history_http),
    HISTORY(history_p2p),
    HISTORY(timeline_states),
    HISTORY(timeline_peers),
    HISTORY(timeline_differ),
};
#undef HERE
const struct json_table json_snapshot_table = TABLE(snapshot_fields);
