# Has the kernel masquerade whatever is forwarded in this network namespace, as `nft add rule ip nat postrouting masquerade`
# would: one netlink batch (linux/netfilter/nf_tables.h), since the nft command is not installed everywhere.

import os
import socket
import struct

NETLINK_NETFILTER = 12
NF_TABLES = 10
BATCH_BEGIN, BATCH_END = 0x10, 0x11
NEW_TABLE, NEW_CHAIN, NEW_RULE = NF_TABLES << 8 | 0, NF_TABLES << 8 | 3, NF_TABLES << 8 | 6
REQUEST, ACK, CREATE, APPEND = 1, 4, 0x400, 0x800
NESTED = 0x8000
AF_INET = 2
POST_ROUTING, SOURCE_NAT = 4, 100


def attribute(kind, value):
    length = 4 + len(value)
    return struct.pack('=HH', length, kind) + value + bytes(-length % 4)


def text(kind, value):
    return attribute(kind, value.encode() + b'\0')


def nested(kind, *attributes):
    return attribute(kind | NESTED, b''.join(attributes))


def message(kind, flags, sequence, family, resource, *attributes):
    body = struct.pack('>BBH', family, 0, resource) + b''.join(attributes)
    return struct.pack('=LHHLL', 16 + len(body), kind, flags, sequence, 0) + body


hook = nested(4, attribute(1, struct.pack('>L', POST_ROUTING)), attribute(2, struct.pack('>L', SOURCE_NAT)))
masquerade = nested(4, nested(1, text(1, 'masq'), nested(2)))
batch = [
    message(BATCH_BEGIN, REQUEST, 0, 0, NF_TABLES),
    message(NEW_TABLE, REQUEST | ACK | CREATE, 1, AF_INET, 0, text(1, 'nat')),
    message(NEW_CHAIN, REQUEST | ACK | CREATE, 2, AF_INET, 0, text(1, 'nat'), text(3, 'out'), hook, text(7, 'nat')),
    message(NEW_RULE, REQUEST | ACK | CREATE | APPEND, 3, AF_INET, 0, text(1, 'nat'), text(2, 'out'), masquerade),
    message(BATCH_END, REQUEST, 4, 0, NF_TABLES),
]
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
netlink.send(b''.join(batch))
for _ in range(3):
    (error,) = struct.unpack_from('=l', netlink.recv(4096), 16)
    if error != 0:
        raise SystemExit(f'the kernel does not masquerade: {os.strerror(-error)}')
