#include "config.h"

#include "wire/proto.h"

#include <stdlib.h>

/*
 * What decoding may take: protobuf-c keeps about 100 bytes for a field of two, so an honest message of many
 * addresses fits, and one made of empty fields does not. What is freed in between is not given back.
 */
#define MEMORY_BASE 16384
#define MEMORY_PER_BYTE 16

static void *
take_memory(void *left, size_t size)
{
    size_t *budget = left;

    if (size > *budget)
        return NULL;
    *budget -= size;
    return malloc(size);
}

static void
give_memory(void *left, void *pointer)
{
    (void)left;
    free(pointer);
}

enum lat_err
proto_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *in, size_t len, ProtobufCMessage **out)
{
    size_t budget = MEMORY_BASE + MEMORY_PER_BYTE * len;
    ProtobufCAllocator allocator = { .alloc = take_memory, .free = give_memory, .allocator_data = &budget };
    ProtobufCMessage *message;

    if (len > PROTO_IN_MAX)
        return LAT_LIMIT;
    message = protobuf_c_message_unpack(type, &allocator, len, in);
    if (message == NULL)
        return LAT_MALFORMED;
    *out = message;
    return LAT_OK;
}

void
proto_free(ProtobufCMessage *message)
{
    ProtobufCAllocator allocator = { .alloc = take_memory, .free = give_memory };

    if (message != NULL)
        protobuf_c_message_free_unpacked(message, &allocator);
}

enum lat_err
proto_pack(const ProtobufCMessage *message, struct lat_buf *out)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, protobuf_c_message_get_packed_size(message), &at);

    if (!err)
        protobuf_c_message_pack(message, at);
    return err;
}
