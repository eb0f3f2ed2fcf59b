// Cuts a capture to what shows its clients: of each connection the SYNs, what the client sent up to its last hello and
// the start of what the server answered. Plain pcap, Ethernet, IPv4, TCP or UDP: what record.mjs has tcpdump write.

const PCAP_HEADER = 24
const RECORD_HEADER = 16
const ETHERNET = 14
const SERVER_BYTES = 1500
/** Connections whose answer is kept however long: the certificate is the same in all. */
const ANSWERS = 2
/** An answer this short is kept always: a resumed session's, or what comes before STARTTLS. */
const SHORT_ANSWER = 450
const UDP_DATAGRAMS = 6
/** Bytes of the client that are kept before its last hello: STARTTLS comes first, and then two hellos. */
const CLIENT_BYTES = 8192

/** Packets of `pcap` (little-endian): where each begins and ends, and its addresses, ports, flags and payload. */
function* packetsOf(pcap) {
  if (pcap.readUInt32LE(0) !== 0xa1b2c3d4 || pcap.readUInt32LE(20) !== 1)
    throw new Error('trim: not a little-endian pcap of Ethernet')
  for (let at = PCAP_HEADER; at + RECORD_HEADER <= pcap.length;) {
    const end = at + RECORD_HEADER + pcap.readUInt32LE(at + 8)
    const ip = at + RECORD_HEADER + ETHERNET
    if (pcap.readUInt16BE(ip - 2) === 0x0800) {
      const l4 = ip + (pcap[ip] & 15) * 4
      const isTcp = pcap[ip + 9] === 6
      const payload = isTcp ? l4 + (pcap[l4 + 12] >> 4) * 4 : l4 + 8
      yield {
        at,
        end,
        isTcp,
        from: `${pcap.subarray(ip + 12, ip + 16).join('.')}:${pcap.readUInt16BE(l4)}`,
        to: `${pcap.subarray(ip + 16, ip + 20).join('.')}:${pcap.readUInt16BE(l4 + 2)}`,
        sourcePort: pcap.readUInt16BE(l4),
        seq: isTcp ? pcap.readUInt32BE(l4 + 4) : 0,
        flags: isTcp ? pcap[l4 + 13] : 0,
        payload: pcap.subarray(payload, ip + pcap.readUInt16BE(ip + 2)),
      }
    }
    at = end
  }
}

/** End of the last ClientHello in a client's bytes, and how many there are. */
function hellosIn(bytes) {
  let count = 0
  let end = 0
  // a STARTTLS command ends before the first record
  let at = 0
  while (at + 6 <= bytes.length && !isHelloRecord(bytes, at)) at++
  for (; at + 6 <= bytes.length && bytes[at] >= 20 && bytes[at] <= 23 && bytes[at + 1] === 3;) {
    const next = at + 5 + bytes.readUInt16BE(at + 3)
    if (isHelloRecord(bytes, at)) {
      const length = bytes.readUIntBE(at + 6, 3)
      count++
      end = Math.max(next, at + 9 + length)
    }
    at = next
  }
  return { count, end }
}

function isHelloRecord(bytes, at) {
  return bytes[at] === 22 && bytes[at + 1] === 3 && bytes[at + 5] === 1 && bytes[at + 6] === 0
}

/**
 * The trimmed capture.
 *
 * @returns `pcap`, and of each kept TCP connection the client's port and its number of ClientHellos; at most
 *   `maxConnections` connections with a hello are kept, the others are left out whole. With `transport` quic the flows
 *   of UDP are kept, else those of TCP
 */
export function trim(pcap, maxConnections, transport = 'tcp') {
  const flows = new Map()
  for (const packet of packetsOf(pcap)) {
    const { from, to, isTcp } = packet
    const key = [from, to].sort().join()
    let flow = flows.get(key)
    if (flow === undefined) {
      // a connection begins with its client
      if (isTcp && (packet.flags & 0x12) !== 2) continue
      flow = { client: from, port: packet.sourcePort, isTcp, packets: [], first: packet.seq + 1 }
      flows.set(key, flow)
    }
    flow.packets.push(packet)
  }
  const kept = []
  const connections = []
  let datagramFlows = 0
  for (const flow of flows.values()) {
    if (flow.isTcp !== (transport === 'tcp')) continue
    if (!flow.isTcp) {
      if (datagramFlows++ < maxConnections) kept.push(...flow.packets.slice(0, UDP_DATAGRAMS))
      continue
    }
    const bytes = clientBytes(flow)
    const { count, end } = hellosIn(bytes)
    if (count === 0 || connections.length === maxConnections) continue
    connections.push({ port: flow.port, hellos: count })
    let answered = 0
    let server
    for (const packet of flow.packets) {
      if ((packet.flags & 2) !== 0) {
        kept.push(packet)
        if (packet.from !== flow.client) server = packet.seq + 1
      } else if (packet.payload.length === 0) continue
      else if (packet.from === flow.client) {
        const offset = (packet.seq - flow.first) >>> 0
        if (offset < end) kept.push(packet)
      } else {
        const offset = (packet.seq - (server ?? packet.seq)) >>> 0
        if (connections.length > ANSWERS && packet.payload.length > SHORT_ANSWER) continue
        if (answered < SERVER_BYTES || offset < SERVER_BYTES) kept.push(packet)
        answered = offset + packet.payload.length
      }
    }
  }
  kept.sort((a, b) => a.at - b.at)
  return {
    pcap: Buffer.concat([
      pcap.subarray(0, PCAP_HEADER),
      ...kept.map(({ at, end }) => pcap.subarray(at, end)),
    ]),
    connections,
    datagramFlows: Math.min(datagramFlows, maxConnections),
  }
}

/** What the client sent first, in order. */
function clientBytes({ client, first, packets }) {
  const bytes = Buffer.alloc(CLIENT_BYTES)
  let length = 0
  for (const { from, seq, payload } of packets) {
    const offset = (seq - first) >>> 0
    if (from !== client || payload.length === 0 || offset >= CLIENT_BYTES) continue
    payload.copy(bytes, offset)
    length = Math.max(length, Math.min(CLIENT_BYTES, offset + payload.length))
  }
  return bytes.subarray(0, length)
}
