/** Tunnels over UDP that may have further ports. */
export const TUNNEL_KINDS = [
  'vxlan',
  'vxlan-gpe',
  'geneve',
  'gtpu',
  'teredo',
  'mpls',
  'tzsp',
  'hp-erm',
  'capwap',
  'l2tp',
  'lisp',
  'esp',
] as const
export type TunnelKind = (typeof TUNNEL_KINDS)[number]

/** A UDP port and the tunnel whose datagrams go to it. */
export interface TunnelPort {
  readonly kind: TunnelKind
  readonly port: number
}

/** Reads `vxlan=7777`; undefined where it is no tunnel and port. */
export function tunnelPortOf(text: string): TunnelPort | undefined {
  const [name, number = '', ...rest] = text.split('=')
  const kind = TUNNEL_KINDS.find((known) => known === name)
  const port = Number(number)
  const isPort = /^\d+$/.test(number) && port >= 1 && port <= 65_535
  return kind === undefined || !isPort || rest.length > 0 ? undefined : { kind, port }
}

/** Reads several, those that are none left out. */
export function tunnelPortsOf(texts: readonly string[]): TunnelPort[] {
  return texts.flatMap((text) => tunnelPortOf(text) ?? [])
}
