import { expect } from 'chai'
import { USER_AGENT_VIAS } from '../../src/store/contract.js'
import { userAgentCounts, userAgentKey } from '../../src/store/user-agent-key.js'

describe('keys of User-Agents', () => {
  it('give back the User-Agent, whichever way it was learnt, and its counts by way', () => {
    const keys = USER_AGENT_VIAS.map((via, i): [string, number] => [
      userAgentKey('curl/8 (x y)', via),
      10 ** i,
    ])
    expect(new Set(keys.map(([key]) => key)).size).to.equal(USER_AGENT_VIAS.length)
    expect(userAgentCounts([...keys, [userAgentKey('wget', 'http'), 5000]])).to.deep.equal([
      { user_agent: 'wget', count: 5000, via: { http: 5000 } },
      {
        user_agent: 'curl/8 (x y)',
        count: keys.reduce((sum, [, count]) => sum + count, 0),
        via: Object.fromEntries(USER_AGENT_VIAS.map((via, i) => [via, 10 ** i])),
      },
    ])
  })

  it('take no User-Agent for one that was learnt another way', () => {
    for (const via of USER_AGENT_VIAS)
      expect(userAgentCounts([[`${via} curl`, 1]])).to.deep.equal([
        { user_agent: `${via} curl`, count: 1, via: { api: 1 } },
      ])
    expect(userAgentKey('', 'http')).to.equal('')
  })
})
