"""A client that sends its segments itself, through a packet socket, and plays a trick on the sensor.

usage: client.py INTERFACE MAC_OF_SERVER
Prints a line of JSON for each trick: what the server answered, "real", "decoy" or "none".
Addresses: 10.77.0.1 is the client, 10.77.0.2 the server, port 443. Tricks are those of TRICKS, in order, from port 20000 on.
"""
import json, os, select, socket, struct, sys, time

SRC, DST, PORT = '10.77.0.1', '10.77.0.2', 443
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
CLOCK = 2_000_000


def total(bytes):
    if len(bytes) % 2:
        bytes += b'\0'
    sum_ = sum(struct.unpack(f'!{len(bytes) // 2}H', bytes))
    while sum_ > 0xFFFF:
        sum_ = (sum_ & 0xFFFF) + (sum_ >> 16)
    return sum_


def extension(kind, body):
    return struct.pack('!HH', kind, len(body)) + body


def hello(name, session, cipher, tls12=False, version=0x0303, padding=0):
    host = name.encode()
    sni = struct.pack('!HBH', len(host) + 3, 0, len(host)) + host
    body = extension(0, sni) + extension(10, bytes.fromhex('0004001d0017'))
    body += extension(11, b'\1\0') + extension(13, bytes.fromhex('000a0804080508060401 0501'.replace(' ', '')))
    body += extension(51, struct.pack('!HHH', 36, 29, 32) + bytes([9]) * 32)
    if not tls12:
        body += extension(43, bytes.fromhex('020304'))
    if padding:
        body += extension(21, bytes(padding))
    ciphers = struct.pack('!H', cipher) if tls12 else b'\x13\x01'
    message = struct.pack('!H', version) + bytes([session]) * 32 + bytes([32]) + bytes([session]) * 32
    message += struct.pack('!H', len(ciphers)) + ciphers + b'\1\0' + struct.pack('!H', len(body)) + body
    return b'\1' + struct.pack('!I', len(message))[1:] + message


def record(content, version=0x0301, kind=22):
    return struct.pack('!BHH', kind, version, len(content)) + content


REAL, DECOY = hello('real0.example', 0x11, 0xC02F), hello('decoy.example', 0x22, 0xC030)
REAL12, DECOY12 = hello('real0.example', 0x11, 0xC02F, True), hello('decoy.example', 0x22, 0xC030, True)
EMPTY, WARNING, CHANGE = record(b''), record(b'\1\x70', 0x0301, 21), record(b'\1', 0x0303, 20)
GARBAGE = b'\x99' * 50


class Connection:
    def __init__(self, raw, ether, port):
        self.raw, self.ether, self.port = raw, ether, port
        self.first = int.from_bytes(os.urandom(4), 'big')
        self.server = 0
        self.clock = CLOCK
        self.answer = b''

    def segment(self, seq, payload=b'', flags=ACK | PSH, ack=None, bad=0, options=None, urgent=0, seq_is=None):
        if options is None:
            options = b'\1\1\x08\x0a' + struct.pack('!II', self.clock & 0xFFFFFFFF, self.echo)
        number = (self.first + seq if seq_is is None else seq_is) & 0xFFFFFFFF
        acked = (self.server if ack is None else ack) & 0xFFFFFFFF if flags & ACK else 0
        head = struct.pack('!HHIIBBHHH', self.port, PORT, number, acked, (20 + len(options)) // 4 << 4, flags, 64240, 0, urgent)
        tcp = head + options + payload
        pseudo = socket.inet_aton(SRC) + socket.inet_aton(DST) + struct.pack('!HH', 6, len(tcp))
        check = ((~total(pseudo + tcp) & 0xFFFF) + bad) & 0xFFFF
        return tcp[:16] + struct.pack('!H', check) + tcp[18:]

    echo = acked = 0

    def frame(self, body, ttl=64, bad_ip=0, more=False, offset=0, ident=None, ip_options=b'', trailer=b'', src=SRC):
        ident = int.from_bytes(os.urandom(2), 'big') if ident is None else ident
        flags = (0x2000 if more else 0) | offset >> 3 if (more or offset) else 0x4000
        head = struct.pack('!BBHHHBBH', 0x45 + len(ip_options) // 4, 0, 20 + len(ip_options) + len(body), ident, flags, ttl, 6, 0)
        head += socket.inet_aton(src) + socket.inet_aton(DST) + ip_options
        check = (~total(head) & 0xFFFF) ^ bad_ip
        self.raw.send(self.ether + head[:10] + struct.pack('!H', check) + head[12:] + body + trailer)

    def send(self, at, payload=b'', ttl=64, bad_ip=0, ip_options=b'', trailer=b'', **options):
        self.frame(self.segment(at, payload, **options), ttl, bad_ip, ip_options=ip_options, trailer=trailer)

    def fragments(self, at, payload, ident=None, **options):
        """The segment's bytes in fragments of 256, as arguments of `frame`."""
        tcp = self.segment(at, payload, **options)
        ident = int.from_bytes(os.urandom(2), 'big') if ident is None else ident
        parts = [(tcp[i : i + 256], i) for i in range(0, len(tcp), 256)]
        return [dict(body=part, more=i + 256 < len(tcp), offset=i, ident=ident) for part, i in parts]

    def receive(self, seconds):
        """Segments of the server for so long, or until it has answered."""
        end = time.time() + seconds
        while time.time() < end and not (self.answer or b'')[:1]:
            ready, _, _ = select.select([self.raw], [], [], max(0, end - time.time()))
            if not ready:
                break
            bytes = self.raw.recv(65536)
            if bytes[12:14] != b'\x08\0' or bytes[23] != 6 or bytes[26:30] != socket.inet_aton(DST):
                continue
            tcp = bytes[34 : 14 + struct.unpack('!H', bytes[16:18])[0]]
            if struct.unpack('!HH', tcp[:4]) != (PORT, self.port):
                continue
            payload = tcp[(tcp[12] >> 4) * 4 :]
            options = tcp[20 : (tcp[12] >> 4) * 4]
            at = options.find(b'\x08\x0a')
            if at >= 0:
                self.echo = struct.unpack('!I', options[at + 2 : at + 6])[0]
            self.acked = struct.unpack('!I', tcp[8:12])[0]
            if tcp[13] & SYN:
                self.server = struct.unpack('!I', tcp[4:8])[0] + 1
                return True
            if payload:
                self.answer += payload
        return False

    def open(self, payload=b''):
        syn = b'\2\4\5\xb4\4\2\x08\x0a' + struct.pack('!II', self.clock, 0) + b'\1\3\3\7'
        self.send(-1, payload, flags=SYN, options=syn)
        self.receive(2)
        self.clock += 5
        self.send(0, flags=ACK)

    def verdict(self):
        """Which hello the server answered: TLS 1.3 sends the session_id back, and for TLS 1.2 each offers one cipher."""
        answer = self.answer
        at = answer.find(b'\x16\3\3')
        if at < 0 or answer[at + 5] != 2:
            return 'none'
        session = answer[at + 43]
        cipher = struct.unpack('!H', answer[at + 44 + session : at + 46 + session])[0]
        echoed = answer[at + 44] if session == 32 else 0
        if cipher == 0xC02F or (cipher == 0x1301 and echoed == 0x11):
            return 'real'
        return 'decoy' if cipher == 0xC030 or echoed == 0x22 else 'none'


real, decoy = record(REAL), record(DECOY)
real12 = record(REAL12)
N = len(real)


def halves(c, between, at=100):
    c.send(0, real[:at])
    between(c)
    c.send(at, real[at:])


def whole(c, *before):
    for send in before:
        send(c)
    c.send(0, real)


def parts(c, pieces):
    at = 0
    for piece in pieces:
        c.send(at, piece)
        at += len(piece)


def each(bytes, size):
    return [bytes[i : i + size] for i in range(0, len(bytes), size)]


def records(message, sizes):
    out, at = [], 0
    for size in sizes:
        out.append(record(message[at : at + size]))
        at += size
    return b''.join(out)


def fragmented(c, change):
    for fragment in change(c, c.fragments(0, real)):
        c.frame(**fragment)


def overlap(c):
    for fragment in c.fragments(0, decoy)[:1]:
        c.frame(**fragment)
    c.send(0, real)


def strangers(c):
    first, *rest = c.fragments(0, real)
    c.frame(**first)
    for i in range(300):
        c.frame(body=bytes(64), more=True, ident=i, src=f'10.77.1.{i % 250 + 1}')
    for fragment in rest:
        c.frame(**fragment)


def forged(c):
    true = c.fragments(0, real)
    last = c.fragments(0, decoy, ident=true[-1]['ident'])[-1]
    c.frame(**last, bad_ip=0x5555)
    for fragment in true:
        c.frame(**fragment)


def urgent(c):
    bytes = real[:60] + b'!' + real[60:]
    c.send(0, bytes, flags=ACK | PSH | URG, urgent=61)


def flood(c, **options):
    at = options.pop('at', 0)
    for _ in range(25):
        c.send(at, b'\x99' * 1300, **options)


def long_hello(size):
    return hello('real0.example', 0x11, 0xC02F, padding=size)


def send_long(c, size):
    message = long_hello(size)
    stream = b''.join(record(part) for part in each(message, 16000))
    parts(c, each(stream, 1400))


MD5 = b'\x13\x12' + bytes(16) + b'\1\1'
TRICKS = [
    ('plain', lambda c: c.send(0, real)),
    ('two segments', lambda c: parts(c, [real[:100], real[100:]])),
    ('reordered', lambda c: (c.send(100, real[100:]), c.send(0, real[:100]))),
    ('one byte a segment', lambda c: parts(c, each(real, 1))),
    ('decoy with a bad checksum before', lambda c: whole(c, lambda c: c.send(0, decoy, bad=7))),
    ('garbage with a bad checksum before', lambda c: whole(c, lambda c: c.send(0, GARBAGE, bad=7))),
    ('garbage with a bad checksum mid', lambda c: halves(c, lambda c: c.send(100, GARBAGE, bad=7))),
    ('RST with a bad checksum mid', lambda c: halves(c, lambda c: c.send(100, flags=RST | ACK, bad=7))),
    ('FIN with a bad checksum mid', lambda c: halves(c, lambda c: c.send(100, flags=FIN | ACK, bad=7))),
    ('RST mid, sequence +5,000', lambda c: halves(c, lambda c: c.send(5100, flags=RST))),
    ('RST mid, sequence +900,000', lambda c: halves(c, lambda c: c.send(900_100, flags=RST))),
    ('SYN mid with another ISN', lambda c: halves(c, lambda c: c.send(0, flags=SYN, seq_is=(c.first + 0x30000000) & 0xFFFFFFFF))),
    ('decoy 3,000,000 ahead mid', lambda c: halves(c, lambda c: c.send(3_000_000, decoy))),
    ('decoy 500,000 ahead before', lambda c: whole(c, lambda c: c.send(500_000, decoy))),
    ('decoy 100,000 behind before', lambda c: whole(c, lambda c: c.send(-100_000, decoy))),
    ('decoy without ACK flag', lambda c: whole(c, lambda c: c.send(0, decoy, flags=PSH))),
    ('decoy acknowledging 100,000 ahead', lambda c: whole(c, lambda c: c.send(0, decoy, ack=c.server + 100_000))),
    ('decoy with an old timestamp', lambda c: whole(c, lambda c: c.send(0, decoy, options=b'\1\1\x08\x0a' + struct.pack('!II', c.clock - 900_000, c.echo)))),
    ('decoy without the timestamp', lambda c: whole(c, lambda c: c.send(0, decoy, options=b''))),
    ('decoy with a TCP MD5 option', lambda c: whole(c, lambda c: c.send(0, decoy, options=MD5))),
    ('decoy with a bad IP checksum', lambda c: whole(c, lambda c: c.send(0, decoy, bad_ip=0x5555))),
    ('urgent byte inside', urgent),
    ('URG pointer beyond the segment', lambda c: c.send(0, real, flags=ACK | PSH | URG, urgent=N + 500)),
    ('other data on the SYN', lambda c: c.send(0, real)),
    ('garbage out of order, covered out of order', lambda c: (c.send(200, GARBAGE), c.send(100, real[100:]), c.send(0, real[:100]))),
    ('garbage out of order, covered in order', lambda c: (c.send(200, GARBAGE), c.send(0, real))),
    ('IP fragments in order', lambda c: fragmented(c, lambda c, f: f)),
    ('IP fragments reversed', lambda c: fragmented(c, lambda c, f: f[::-1])),
    ('overlapping decoy fragment, then a whole datagram', overlap),
    ('300 first fragments of others between', strangers),
    ('forged last fragment with a bad IP checksum first', forged),
    ('4 empty records before', lambda c: c.send(0, EMPTY * 4 + real)),
    ('20 empty records before', lambda c: c.send(0, EMPTY * 20 + real)),
    ('20 empty records before, TLS 1.2', lambda c: c.send(0, EMPTY * 20 + real12)),
    ('20 empty records in segments of their own', lambda c: parts(c, [EMPTY] * 20 + [real])),
    ('an empty record after each twentieth byte', lambda c: c.send(0, b''.join(record(p) + EMPTY for p in each(REAL, 20)))),
    ('every byte a record', lambda c: parts(c, each(b''.join(record(p) for p in each(REAL, 1)), 1400))),
    ('first byte a record of its own', lambda c: c.send(0, record(REAL[:1]) + record(REAL[1:]))),
    ('warning alert before, in its segment, TLS 1.3', lambda c: c.send(0, WARNING + real)),
    ('warning alert before, in its segment, TLS 1.2', lambda c: c.send(0, WARNING + real12)),
    ('warning alert before, in a segment of its own', lambda c: parts(c, [WARNING, real12])),
    ('ChangeCipherSpec before', lambda c: c.send(0, CHANGE + real)),
    ('ChangeCipherSpec before, twice', lambda c: c.send(0, CHANGE * 2 + real)),
    ('record version 3.9', lambda c: c.send(0, record(REAL, 0x0309))),
    ('hello version 3.9', lambda c: c.send(0, record(hello('real0.example', 0x11, 0xC02F, version=0x0309)))),
    ('hello version 5.5', lambda c: c.send(0, record(hello('real0.example', 0x11, 0xC02F, version=0x0505)))),
    ('a 60 KB hello', lambda c: send_long(c, 60_000)),
    ('a 15 KB hello', lambda c: send_long(c, 15_000)),
    ('25 x 1,300 bytes before: bad checksum', lambda c: (flood(c, bad=7), c.send(0, real))),
    ('25 x 1,300 bytes before: old sequence', lambda c: (flood(c, at=-40_000), c.send(0, real))),
    ('25 x 1,300 bytes before: sequence -1,300', lambda c: (flood(c, at=-1_300), c.send(0, real))),
    ('25 x 1,300 bytes mid: bad checksum', lambda c: halves(c, lambda c: flood(c, bad=7, at=100))),
    ('FIN mid with an old sequence', lambda c: halves(c, lambda c: c.send(-5, flags=FIN | ACK))),
    ('IP options', lambda c: c.send(0, real, ip_options=b'\1\1\1\0')),
    ('an Ethernet trailer that looks like data', lambda c: c.send(0, real, trailer=decoy[:40])),
]


def main(interface, mac):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    raw.bind((interface, 0))
    with open(f'/sys/class/net/{interface}/address') as file:
        own = bytes.fromhex(file.read().strip().replace(':', ''))
    ether = bytes.fromhex(mac.replace(':', '')) + own + b'\x08\0'
    for i, (name, play) in enumerate(TRICKS):
        c = Connection(raw, ether, 20000 + i)
        c.open(decoy if name == 'other data on the SYN' else b'')
        play(c)
        c.receive(1.5)
        answered = c.verdict()
        # The client goes on, as one does whose hello was answered.
        c.send(0, CHANGE + record(bytes(60), 0x0303, 23), seq_is=c.acked)
        c.send(0, flags=RST, seq_is=c.acked + 71)
        print(json.dumps(dict(trick=name, port=c.port, answered=answered)), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
