// The hosts that recorded clients talk to, and their addresses, all on the loopback interface of a namespace.

/** Names of different lengths: a hello's length must not depend on one of them alone. */
export const HOSTS = {
  'www.alpha.test': '127.0.0.11',
  'b.test': '127.0.0.12',
  'static.long-name.example-shop.test': '127.0.0.13',
}

export const NAMES = Object.keys(HOSTS)
export const ADDRESSES = Object.values(HOSTS)

/** Ports of the HTTPS servers, by what they offer. */
export const HTTPS = {
  /** TLS 1.0 to 1.3, HTTP/2 and HTTP/1.1. */
  any: 443,
  /** No group but P-384 and P-521: most clients of TLS 1.3 are asked for a second hello. */
  retry: 444,
  /** No HTTP/2. */
  http1: 445,
  /** TLS 1.2 at most. */
  tls12: 446,
}

/** Waits until the last page was asked for, and a little longer; `seconds` at most. */
export function untilVisited(seconds) {
  return `for i in $(seq ${seconds * 2}); do grep -Eq '"path":"(/0|/socket3)"' $LOG 2>/dev/null && break; sleep 0.5; done; sleep 1.5`
}
