import { expect } from 'chai'
import { SharedQuestions } from '../../src/api/shared-questions.js'

describe('SharedQuestions', () => {
  it('are asked once by all who come while one is under way, and after it', async () => {
    const begun: (() => void)[] = []
    let asked = 0
    const questions = new SharedQuestions(async () => {
      const number = ++asked
      await new Promise<void>((resolve) => begun.push(resolve))
      return number
    })
    const answers = [1, 2, 3].map(() => questions.ask('a'))
    const other = questions.ask('b')
    while (begun.length > 0 || asked < 3) {
      begun.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await Promise.all([...answers, other])).to.deep.equal([1, 3, 3, 2])
    const again = questions.ask('a')
    begun.shift()?.()
    expect(await again).to.equal(4)
  })

  it('are asked again after one failed', async () => {
    let asked = 0
    const questions = new SharedQuestions(() =>
      ++asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve(asked),
    )
    const answers = await Promise.allSettled([questions.ask('a'), questions.ask('a')])
    expect(answers.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled'])
  })
})
