import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * The canonical form of an IP address (RFC 5952), IPv4-mapped IPv6 folded to IPv4, a zone left out.
 *
 * @returns undefined where `text` is no address; the loose forms inet_aton takes (`127.1`, `0x7f.1`, leading zeros) are none
 */
export function canonicalAddress(text: string): string | undefined {
  const address = parseAddress(text)
  if (address === undefined) return undefined
  return address.kind() === 'ipv4' ? address.toString() : (address as ipaddr.IPv6).toRFC5952String()
}

/** Whether `address`, in canonical form, is of this machine itself: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  return parseAddress(address)?.range() === 'loopback'
}

/** Tells whether a canonical address is in one of `networks`. */
export type AddressTest = (address: string) => boolean

/**
 * A test for addresses and networks in CIDR form.
 *
 * @throws RangeError naming the entry that is neither: a list of trusted peers is never read in part
 */
export function addressTest(networks: readonly string[]): AddressTest {
  const ranges = networks.map((network) => {
    const [text = '', bits, ...rest] = network.split('/')
    const address = parseAddress(text)
    // A mapped network is one of IPv4: its first 96 bits are the mapping.
    const mapped = address?.kind() === 'ipv4' && text.includes(':') ? 96 : 0
    const width = address?.kind() === 'ipv4' ? 32 : 128
    const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) - mapped : -1
    if (address === undefined || rest.length > 0 || length < 0 || length > width)
      throw new RangeError(`"${network}" is neither an address nor a network such as 10.0.0.0/8`)
    return { address, length }
  })
  if (ranges.length === 0) return () => false
  return (text) => {
    const address = parseAddress(text)
    if (address === undefined) return false
    return ranges.some(
      (range) =>
        range.address.kind() === address.kind() && address.match(range.address, range.length),
    )
  }
}

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return ipaddr.IPv4.parse(text)
  const zone = text.indexOf('%')
  const plain = zone < 0 ? text : text.slice(0, zone)
  if (!isIPv6(plain)) return undefined
  // ipaddr.js reads the obsolete `::1.2.3.4` (RFC 4291 §2.5.5.1) as if it were mapped; nobody sends from it.
  if (plain.startsWith('::') && isIPv4(plain.slice(2))) return undefined
  const address = ipaddr.IPv6.parse(plain)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}
