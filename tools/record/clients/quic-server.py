# quic-server.py CA_FOLDER LOG: HTTP/3 on UDP port 443 by aioquic. Each page redirects as those of server.mjs do.
import asyncio, json, re, sys
from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import HandshakeCompleted, ProtocolNegotiated

NAMES = ['www.alpha.test', 'b.test', 'static.long-name.example-shop.test']
folder, log = sys.argv[1:3]
tickets = {}


def write(line):
    with open(log, 'a') as file:
        file.write(json.dumps(line, separators=(',', ':')) + '\n')


class Protocol(QuicConnectionProtocol):
    http = None

    def port(self):
        return self._quic._network_paths[0].addr[1]

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
            write({'event': 'connection', 'port': 443, 'remotePort': self.port()})
        if isinstance(event, HandshakeCompleted):
            write({'event': 'handshake', 'port': 443, 'remotePort': self.port(), 'version': 'QUIC',
                   'resumed': event.session_resumed, 'alpn': event.alpn_protocol})
        if self.http is None:
            return
        for each in self.http.handle_event(event):
            if isinstance(each, HeadersReceived):
                self.answer(each.stream_id, dict(each.headers))

    def answer(self, stream, headers):
        path = headers[b':path'].decode()
        host = headers[b':authority'].decode().split(':')[0]
        write({'event': 'request', 'remotePort': self.port(), 'http': '3', 'path': path,
               'userAgent': headers.get(b'user-agent', b'').decode() or None})
        left = int(re.match(r'/(\d+)|', path)[1] or 0)
        reply = [(b':status', b'200'), (b'content-type', b'text/html')]
        if left:
            following = NAMES[(NAMES.index(host) + 1) % 3] if host in NAMES else host
            reply = [(b':status', b'302'), (b'location', f'https://{following}/{left - 1}'.encode())]
        self.http.send_headers(stream, reply)
        self.http.send_data(stream, b'done\n', True)
        self.transmit()
        # the client is to come back on a connection of its own
        asyncio.get_event_loop().call_later(0.1, self.close)


async def main():
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, is_client=False)
    configuration.load_cert_chain(f'{folder}/ec.pem', f'{folder}/ec.key')
    # a socket for each address: an answer comes from the address that was asked
    for address in ['127.0.0.11', '127.0.0.12', '127.0.0.13']:
        await serve(address, 443, configuration=configuration, create_protocol=Protocol,
                    session_ticket_fetcher=lambda t: tickets.pop(t, None),
                    session_ticket_handler=lambda t: tickets.update({t.ticket: t}))
    await asyncio.Future()

asyncio.run(main())
