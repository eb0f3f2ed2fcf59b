# offload.py INTERFACE on|off: turns segmentation offloads of an interface (TSO, GSO, GRO) on or off, as ethtool -K does,
# which is not installed everywhere (linux/ethtool.h, linux/sockios.h).

import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
SET_TSO, SET_GSO, SET_GRO = 0x1F, 0x24, 0x2C

name, state = sys.argv[1:]
with socket.socket() as any_socket:
    for command in (SET_TSO, SET_GSO, SET_GRO):
        value = array.array('I', [command, int(state == 'on')])
        fcntl.ioctl(any_socket, SIOCETHTOOL, struct.pack('16sP', name.encode(), value.buffer_info()[0]))
