import { TEXT_FORMATS } from './format.js'
import type { TextFormat } from './format.js'
import type { KafkaTarget } from './kafka-transport.js'

/** Where one output goes and how it looks. */
export interface OutputSpec {
  readonly format: TextFormat | undefined
  readonly target:
    | { readonly kind: 'stdout' }
    | { readonly kind: 'file' | 'unix'; readonly path: string }
    | {
        readonly kind: 'tcp' | 'syslog' | 'syslog+udp'
        readonly host: string
        readonly port: number
      }
    | { readonly kind: 'redis'; readonly url: URL }
    | ({ readonly kind: 'kafka' } & KafkaTarget)
}

/** The port of Kafka brokers unless another one is given. */
const KAFKA_PORT = 9092
/** The port of syslog over UDP (RFC 5426 §3.3), which TCP receivers use too. */
const SYSLOG_PORT = 514

/**
 * Reads `[FORMAT:]TARGET`, where TARGET is `-`, a path, `unix:///path`, `tcp://host:port`, `syslog://host[:port]` (TCP),
 * `syslog+udp://host[:port]`, `redis://host[:port]/[db]?stream=NAME&maxlen=N`, or `kafka://host[:port],…/TOPIC`.
 * @returns a sentence on what is wrong with it otherwise
 */
export function parseOutputSpec(text: string): OutputSpec | string {
  const [, prefix, rest = text] = /^([a-z]+):(?!\/\/)(.*)$/s.exec(text) ?? []
  const format = TEXT_FORMATS.find((name) => name === prefix)
  const target = format === undefined ? text : rest
  if (target === '') return `${JSON.stringify(text)} names no file: write FORMAT:PATH`
  if (target === '-') return { format, target: { kind: 'stdout' } }
  const [, scheme] = /^([a-z+]+):\/\//.exec(target) ?? []
  if (scheme === undefined) return { format, target: { kind: 'file', path: target } }
  if (scheme === 'kafka') {
    const kafka = kafkaTarget(target)
    return typeof kafka === 'string' ? kafka : { format, target: { kind: 'kafka', ...kafka } }
  }
  if (!URL.canParse(target)) return `${target} is no URL`
  const url = new URL(target)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  switch (scheme) {
    case 'file':
      return { format, target: { kind: 'file', path: decodeURIComponent(url.pathname) } }
    case 'unix':
      return { format, target: { kind: 'unix', path: decodeURIComponent(url.pathname) } }
    case 'redis':
    case 'rediss': {
      const maxlen = url.searchParams.get('maxlen')
      if (maxlen !== null && !/^[1-9]\d{0,11}$/.test(maxlen))
        return `${target}: maxlen is a number of entries above 0`
      return { format, target: { kind: 'redis', url } }
    }
    case 'tcp':
      if (host === '' || url.port === '')
        return `${target} needs a host and a port: tcp://host:port`
      return { format, target: { kind: 'tcp', host, port: Number(url.port) } }
    case 'syslog':
    case 'syslog+udp':
      if (host === '') return `${target} needs a host: ${scheme}://host:514`
      return { format, target: { kind: scheme, host, port: Number(url.port || SYSLOG_PORT) } }
    default:
      return `${target}: unknown kind of output ${scheme}. Known: a path, unix, tcp, syslog, syslog+udp, redis, kafka`
  }
}

/** Several brokers stand between commas, which no URL has in its host. */
function kafkaTarget(target: string): KafkaTarget | string {
  const [, hosts = '', topic = ''] = /^kafka:\/\/([^/]*)\/?(.*)$/s.exec(target) ?? []
  const brokers: { host: string; port: number }[] = []
  for (const part of hosts.split(',')) {
    const [, host = '', port = KAFKA_PORT] =
      /^([^:[\]@]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(part) ?? []
    if (host === '' || Number(port) < 1 || Number(port) > 65_535)
      return `${target} needs brokers: kafka://host:9092,host2:9092/TOPIC, without user and password`
    brokers.push({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) })
  }
  // the names that Kafka allows
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic) || topic === '.' || topic === '..')
    return `${target} needs a topic of letters, digits, ".", "_" and "-": kafka://host:9092/TOPIC`
  return { brokers, topic }
}
