// What a server says before and after TLS, in protocols other than HTTP: as much as makes a client go on to TLS.
//
// A protocol has `greet` (sent on connecting), `before(data)` (an answer to what came in the clear: {reply, tls}) and
// `after(data)` (an answer within TLS). `greetTls` is sent first within TLS, where TLS comes first (port `implicit`).

const line = (data) => data.toString('latin1').trimEnd()

const smtp = {
  greet: '220 mail.test ESMTP\r\n',
  greetTls: '220 mail.test ESMTP\r\n',
  before(data) {
    const said = line(data)
    if (/^(EHLO|LHLO)/i.test(said)) return { reply: '250-mail.test\r\n250 STARTTLS\r\n' }
    if (/^STARTTLS/i.test(said)) return { reply: '220 go ahead\r\n', tls: true }
    return { reply: /^QUIT/i.test(said) ? '221 bye\r\n' : '530 STARTTLS first\r\n' }
  },
  after(data) {
    const said = line(data)
    if (/^EHLO/i.test(said)) return '250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n'
    if (/^QUIT/i.test(said)) return '221 bye\r\n'
    return /^(AUTH|MAIL)/i.test(said) ? '535 no\r\n' : '250 ok\r\n'
  },
}

const imap = {
  greet: '* OK IMAP4rev1 ready\r\n',
  greetTls: '* OK IMAP4rev1 ready\r\n',
  before(data) {
    const [tag = '*', command = ''] = line(data).split(' ')
    if (/STARTTLS/i.test(command)) return { reply: `${tag} OK begin TLS\r\n`, tls: true }
    if (/CAPABILITY/i.test(command))
      return { reply: `* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n${tag} OK done\r\n` }
    return { reply: `${tag} OK done\r\n` }
  },
  after(data) {
    const [tag = '*', command = ''] = line(data).split(' ')
    if (/CAPABILITY/i.test(command))
      return `* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n${tag} OK done\r\n`
    return /LOGOUT/i.test(command) ? `* BYE\r\n${tag} OK\r\n` : `${tag} NO no\r\n`
  },
}

const pop3 = {
  greet: '+OK ready\r\n',
  greetTls: '+OK ready\r\n',
  before(data) {
    const said = line(data)
    if (/^CAPA/i.test(said)) return { reply: '+OK\r\nSTLS\r\nUSER\r\n.\r\n' }
    if (/^STLS/i.test(said)) return { reply: '+OK begin TLS\r\n', tls: true }
    return { reply: '+OK\r\n' }
  },
  after: (data) => (/^CAPA/i.test(line(data)) ? '+OK\r\nUSER\r\n.\r\n' : '-ERR no\r\n'),
}

const ftp = {
  greet: '220 ready\r\n',
  greetTls: '220 ready\r\n',
  before(data) {
    if (/^AUTH/i.test(line(data))) return { reply: '234 go ahead\r\n', tls: true }
    return { reply: /^FEAT/i.test(line(data)) ? '211-\r\n AUTH TLS\r\n211 end\r\n' : '530 no\r\n' }
  },
  after: () => '530 no\r\n',
}

const sieve = {
  greet: '"SIEVE" "fileinto"\r\n"STARTTLS"\r\nOK\r\n',
  before: (data) => ({ reply: 'OK\r\n', tls: /^STARTTLS/i.test(line(data)) }),
  after: () => 'NO\r\n',
}

const STREAM =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' " +
  "xmlns:stream='http://etherx.jabber.org/streams' id='1' from='www.alpha.test' version='1.0'>"
const xmpp = {
  before(data) {
    const said = data.toString('latin1')
    if (said.includes('<starttls'))
      return { reply: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", tls: true }
    if (!said.includes('<stream:stream')) return {}
    const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
    return { reply: `${STREAM}<stream:features>${starttls}</stream:features>` }
  },
  after: () => `${STREAM}<stream:features/>`,
}

/** RFC 4511 §4.12, RFC 4513 §3: the extended request StartTLS is answered with success. */
const ldap = {
  before: (data) => ({
    reply: Buffer.from([0x30, 12, 2, 1, data[4] ?? 1, 0x78, 7, 10, 1, 0, 4, 0, 4, 0]),
    tls: true,
  }),
  after: () => undefined,
}

const SSL_REQUEST = 80877103
/** PostgreSQL frontend/backend protocol, "SSL Session Encryption". */
const postgres = {
  before: (data) =>
    data.length >= 8 && data.readUInt32BE(4) === SSL_REQUEST
      ? { reply: 'S', tls: true }
      : { reply: 'N' },
  after: () => undefined,
}

/** MySQL protocol: HandshakeV10 with CLIENT_SSL; the client answers with an SSLRequest, then TLS. */
const mysql = {
  greet: (() => {
    const body = Buffer.concat([
      Buffer.from('\x0a8.0.36\0', 'latin1'),
      Buffer.from([1, 0, 0, 0]),
      Buffer.from('abcdefgh\0', 'latin1'),
      Buffer.from([0xff, 0xff, 0x21, 2, 0, 0xff, 0xdf, 21]),
      Buffer.alloc(10),
      Buffer.from('ijklmnopqrst\0mysql_native_password\0', 'latin1'),
    ])
    return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
  })(),
  before: () => ({ tls: true }),
  after: () => undefined,
}

/** MS-RDPBCGR §2.2.1.2: the connection confirm chooses PROTOCOL_SSL. */
const rdp = {
  before: () => ({
    reply: Buffer.from('030000130ed000001234000200080001000000', 'hex'),
    tls: true,
  }),
  after: () => undefined,
}

const mqtt = { after: () => Buffer.from([0x20, 2, 0, 0]) }
const redis = { after: () => '+PONG\r\n' }
const irc = { greetTls: ':irc.test NOTICE * :hello\r\n', after: () => undefined }
const silent = { after: () => undefined }

/** Protocols whose port speaks in the clear first. */
export const STARTTLS = {
  21: ftp,
  25: smtp,
  110: pop3,
  143: imap,
  389: ldap,
  587: smtp,
  3306: mysql,
  3389: rdp,
  4190: sieve,
  5222: xmpp,
  5432: postgres,
}

/** Protocols whose port begins with TLS. */
export const IMPLICIT = {
  465: smtp,
  563: silent,
  636: silent,
  853: silent,
  990: ftp,
  993: imap,
  995: pop3,
  5223: silent,
  5671: silent,
  6380: redis,
  6697: irc,
  8883: mqtt,
  10051: silent,
}
