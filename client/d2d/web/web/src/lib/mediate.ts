import { Problem } from '@shared/api/problem'
import type { Challenge } from '../api/types'

/** Stage is how far an initialization has come that the browser mediates. */
export type Stage = 'keys' | 'request' | 'sign' | 'finish'

/** Stuck is an error, and where it happened. */
export class Stuck extends Error {
  constructor(
    readonly stage: Stage,
    readonly problem: unknown,
  ) {
    super(problem instanceof Error ? problem.message : 'Something unexpected went wrong in this page.')
    this.name = 'Stuck'
  }
}

/** Steps are what is done at each stage. */
export interface Steps {
  begin: () => Promise<Challenge>
  sign: (request: string) => Promise<string>
  finish: (state: string, chain: string) => Promise<void>
}

/** during tells where an error happened. */
export async function during<T>(stage: Stage, onStage: (stage: Stage) => void, action: () => Promise<T>): Promise<T> {
  onStage(stage)
  try {
    return await action()
  } catch (error) {
    throw new Stuck(stage, error)
  }
}

/** isSpent tells whether the client no longer knows the state: it has expired, or was used. */
export const isSpent = (error: unknown): boolean =>
  error instanceof Stuck &&
  error.stage === 'finish' &&
  error.problem instanceof Problem &&
  error.problem.status === 400 &&
  /^state:/.test(error.message)

/**
 * mediate carries the client's request to the signing service and its answer back. Where the state expired on the way, because
 * the signing service took its time, it starts once more: the client then makes another key and another request. Throws a Stuck.
 */
export async function mediate(steps: Steps, onStage: (stage: Stage, again: boolean) => void): Promise<void> {
  for (let again = false; ; again = true) {
    const told = (stage: Stage): void => onStage(stage, again)
    const challenge = await during('request', told, steps.begin)
    const chain = await during('sign', told, () => steps.sign(challenge.certificateSigningRequest))
    try {
      return await during('finish', told, () => steps.finish(challenge.state, chain))
    } catch (error) {
      if (again || !isSpent(error)) throw error
    }
  }
}
