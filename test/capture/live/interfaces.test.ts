import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { expect } from 'chai'
import { needs, path } from '../../capability.js'
import {
  defaultInterfaces,
  defaultRoutesOf,
  interfaceIndex,
  interfaceState,
  listInterfaces,
} from '../../../src/capture/live/interfaces.js'

const HEAD4 =
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
const route4 = (name: string, flags: string, metric: number, to = '00000000', mask = '00000000') =>
  `${name}\t${to}\t010200C0\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`
const route6 = (name: string, flags: string, metric: string, bits = '00') =>
  `${'0'.repeat(32)} ${bits} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ${metric} 00000002 00000000 ${flags}     ${name}\n`

describe('interfaces', () => {
  describe('default routes', () => {
    it('are those with the lowest metric, IPv4 first', () => {
      const ipv4 = HEAD4 + route4('wlan0', '0003', 600) + route4('eth0', '0003', 100)
      const ipv6 = route6('eth1', '00000003', '00000400') + route6('tun0', '00000003', '00000032')
      expect(defaultRoutesOf(ipv4, ipv6)).to.deep.equal(['eth0', 'tun0'])
    })
    it('are one where both families leave by it', () => {
      const ipv4 = HEAD4 + route4('eth0', '0003', 0)
      expect(defaultRoutesOf(ipv4, route6('eth0', '00000003', '00000400'))).to.deep.equal(['eth0'])
    })
    it('are neither refusing ones nor those to a network', () => {
      const ipv4 =
        HEAD4 +
        route4('eth0', '0001', 0, '000200C0', '00FFFFFF') +
        route4('eth1', '0001', 0, '00000000', '00000080') +
        route4('eth2', '0201', 0)
      const ipv6 = route6('lo', '00200200', 'ffffffff') + route6('eth3', '00000003', '0', '03')
      expect(defaultRoutesOf(ipv4, ipv6)).to.deep.equal([])
    })
    it('are none where nothing is told', () => {
      expect(defaultRoutesOf('', '')).to.deep.equal([])
    })
  })

  it('lists loopback and every interface Node knows, with its addresses', async () => {
    const interfaces = await listInterfaces()
    const loopback = interfaces.find((each) => each.loopback)
    expect(loopback?.addresses).to.include('127.0.0.1')
    expect(loopback?.up).to.equal(true)
    expect(loopback?.defaultRoute).to.equal(false)
    for (const [name, addresses = []] of Object.entries(networkInterfaces()))
      expect(interfaces.find((each) => each.name === name)?.addresses).to.deep.equal(
        addresses.map(({ address }) => address),
      )
  })

  it('captures on the default routes’ interfaces, then loopback, unless told otherwise', async () => {
    const interfaces = await listInterfaces()
    const names = await defaultInterfaces()
    expect(names.at(-1)).to.equal(interfaces.find(({ loopback }) => loopback)?.name)
    expect(names.slice(0, -1)).to.have.members(
      interfaces.filter(({ defaultRoute, up }) => defaultRoute && up).map(({ name }) => name),
    )
  })

  it('tells an interface that is up from one that is not there', function () {
    needs(this, path('/sys/class/net/lo'))
    expect(interfaceState('lo')).to.equal('up')
    expect(interfaceState('no-such')).to.equal('missing')
    expect(interfaceState('../lo')).to.equal('missing')
    expect(interfaceState('any')).to.equal('unknown')
    expect(interfaceIndex('lo')).to.equal(
      Number(readFileSync('/sys/class/net/lo/ifindex', 'latin1')),
    )
    expect(interfaceIndex('no-such')).to.equal(undefined)
  })
})
