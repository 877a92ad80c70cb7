/*
 * proto.h - protobuf messages, the generated ones of this folder (*.proto), with bounds.
 *
 * Unknown fields are skipped, groups refused, lengths held against the bytes that are there (protobuf-c does
 * so). Many small fields take many times their bytes in memory: so input and memory are bounded, both before
 * the first allocation. A text may hold any bytes but zero; it is not checked to be UTF-8. Any thread.
 */
#ifndef LAT_WIRE_PROTO_H
#define LAT_WIRE_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "base/err.h"

#define PROTO_IN_MAX 8192 /* bytes of one message: identify's cap, and more than a Noise payload needs */

/*
 * Decode all of in[0 .. len) as a message of this type, `identify__descriptor` for example; cast the result to
 * its struct. The caller ends it with proto_free; nothing in it points into `in`.
 *
 * LAT_LIMIT      over PROTO_IN_MAX bytes
 * LAT_MALFORMED  no such message, a required field missing, or too many fields for any honest one
 */
LAT_MUST_CHECK enum lat_err proto_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *in, size_t len,
                                         ProtobufCMessage **out);

/* Takes a message of proto_unpack; NULL is fine. */
void proto_free(ProtobufCMessage *message);

/* Append the encoded message (&m.base of a generated struct) to out. LAT_LIMIT, LAT_NOMEM: nothing appended. */
LAT_MUST_CHECK enum lat_err proto_pack(const ProtobufCMessage *message, struct lat_buf *out);

#endif
