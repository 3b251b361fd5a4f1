import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '@shared/api/problem'
import { adviseOn } from '../src/lib/advice'
import { during, mediate, Stuck, type Stage, type Steps } from '../src/lib/mediate'
import { known, reasonOf } from '../src/lib/reasons'

const spent = new Problem(400, 'state: is unknown, used already, or expired: begin the initialization again', 'invalid')

/** run mediates with a client and a signing service in memory, and tells what was asked of them. */
async function run(change: Partial<Steps> = {}): Promise<{ said: string[]; stages: string[]; error: unknown }> {
  const said: string[] = []
  const stages: string[] = []
  let n = 0
  const steps: Steps = {
    begin: async () => ({ certificateSigningRequest: `csr${++n}`, state: `state${n}` }),
    sign: async (request) => `chain of ${request}`,
    finish: async (state, chain) => void said.push(`${state}: ${chain}`),
    ...change,
  }
  const error: unknown = await mediate(steps, (stage, again) => stages.push(again ? `${stage} again` : stage)).then(
    () => undefined,
    (e: unknown) => e,
  )
  return { said, stages, error }
}

test('the request goes to the signing service, and the chain to the client under its state', async () => {
  const { said, stages, error } = await run()
  assert.equal(error, undefined)
  assert.deepEqual(said, ['state1: chain of csr1'])
  assert.deepEqual(stages, ['request', 'sign', 'finish'])
})

test('a state that has expired: once more, with another request, and no more than that', async () => {
  let tries = 0
  const said: string[] = []
  const second = await run({
    finish: async (state, chain) => {
      if (++tries === 1) throw spent
      said.push(`${state}: ${chain}`)
    },
  })
  assert.equal(second.error, undefined)
  assert.deepEqual(said, ['state2: chain of csr2'])
  assert.deepEqual(second.stages.slice(3), ['request again', 'sign again', 'finish again'])
  tries = 0
  const never = await run({
    finish: async () => {
      tries++
      throw spent
    },
  })
  assert.ok(never.error instanceof Stuck)
  assert.equal(tries, 2)
  assert.match(adviseOn(never.error).todo.join(' '), /Start again/)
})

test('what goes wrong names its stage, and does not start again', async () => {
  const cases: [Stage, Partial<Steps>][] = [
    ['request', { begin: () => Promise.reject(new Problem(409, 'already initialized')) }],
    ['sign', { sign: () => Promise.reject(new Problem(403, 'no right to write')) }],
    ['finish', { finish: () => Promise.reject(new Problem(400, 'certificate: is for another key')) }],
  ]
  for (const [stage, change] of cases) {
    const { error, stages } = await run(change)
    assert.ok(error instanceof Stuck && error.stage === stage, stage)
    assert.equal(stages.filter((s) => s.endsWith('again')).length, 0)
  }
})

test('advice', async () => {
  const at = async (stage: Stage, problem: unknown): Promise<string> => {
    const e: unknown = await during(
      stage,
      () => undefined,
      () => Promise.reject(problem),
    ).catch((x: unknown) => x)
    const { meaning, todo } = adviseOn(e)
    assert.ok(todo.length > 0)
    return `${meaning} ${todo.join(' ')}`
  }
  assert.match(await at('sign', new Problem(0, 'silent')), /allowedOrigins/)
  assert.match(await at('keys', new Problem(0, 'silent')), /keys could not be fetched/)
  assert.match(await at('request', new Problem(0, 'silent')), /client does not answer/)
  assert.match(await at('sign', new Problem(401, 'no')), /signing service does not sign for you/)
  assert.match(await at('sign', new Problem(404, 'the owner has no such hub')), /knows no hub of the owner/)
  assert.match(adviseOn(new Problem(400, 'the signing service refuses (404): no hub')).meaning, /knows no hub of the owner/)
  assert.match(await at('request', new Problem(401, 'no')), /does not take your token/)
  assert.match(await at('finish', new Problem(400, 'certificate: ends at')), /caPool/)
  assert.match(await at('finish', new Problem(409, 'initialized')), /reset it first/)
  assert.match(await at('request', new Problem(418, 'tea')), /That did not work/)
  assert.match(adviseOn(new Problem(403, 'the signing service refuses (403): no')).meaning, /does not sign for you/)
  assert.match(adviseOn(new Problem(503, 'the signing service does not answer')).todo.join(' '), /have this browser carry/)
  assert.match(adviseOn(new TypeError('bug')).meaning, /That did not work/)
})

test('every reason of the client is explained, each in its own words', () => {
  const all = ['unknown', 'no answer', 'no credentials', 'not ours', 'forbidden', 'impostor', 'owned', 'refused', 'bad answer', 'closed']
  assert.deepEqual([...known].sort(), [...all].sort())
  const titles = all.map((reason) => reasonOf(new Problem(403, 'x', '', { reason }))?.title)
  assert.equal(new Set(titles).size, all.length)
  assert.equal(reasonOf(new Problem(403, 'x')), undefined)
  assert.equal(reasonOf(new Error('x')), undefined)
})
