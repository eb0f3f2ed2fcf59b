# tagged-hello.py INTERFACE VLAN PORT HELLO: sends one hello (base64) in a segment with a VLAN tag, as from 10.99.2.7, for
# kernels without VLAN interfaces.

import base64
import socket
import struct
import sys

name, vlan, port, hello = sys.argv[1:]
payload = base64.b64decode(hello)
source, destination = socket.inet_aton('10.99.2.7'), socket.inet_aton('10.99.0.1')
tcp = struct.pack('>HHLLBBHHH', int(port), 443, 1000, 1, 0x50, 0x18, 512, 0, 0)
ip = struct.pack('>BBHHHBBH', 0x45, 0, 40 + len(payload), 1, 0x4000, 64, 6, 0) + source + destination
ethernet = b'\xff' * 6 + b'\x02\0\0\0\0\x07' + struct.pack('>HHH', 0x8100, int(vlan), 0x0800)
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind((name, 0))
    raw.send(ethernet + ip + tcp + payload)
