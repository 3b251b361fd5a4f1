import { useState } from 'preact/hooks'
import type { Challenge } from '../api/types'
import { during, mediate, type Stage } from './mediate'
import { keySet, sign } from './outside'
import { useSession } from './session'

/** Progress is how far a request has come that this browser carries. */
export interface Progress {
  stage: Stage
  again: boolean
}

/** useCarrier carries the client's requests for certificates to the signing service. */
export function useCarrier() {
  const { api, config, person } = useSession()
  const { authority, certificateAuthority } = config.remoteProvisioning
  const [progress, setProgress] = useState<Progress | undefined>()
  const carry = (begin: () => Promise<Challenge>): Promise<void> =>
    mediate({ begin, sign: (request) => sign(certificateAuthority, request, person?.token), finish: api.finish }, (stage, again) =>
      setProgress({ stage, again }),
    )
  /** initialize makes the client a member: the keys that it is to know tokens by come first. */
  const initialize = async (): Promise<void> => {
    const keys = await during(
      'keys',
      (stage) => setProgress({ stage, again: false }),
      () => keySet(authority),
    )
    await carry(() => api.challenge(keys))
  }
  /** renew carries a challenge that the client has made for a renewal; where it has to start again, it asks for another. */
  const renew = async (first: Challenge): Promise<void> => {
    let next: Challenge | undefined = first
    await carry(async () => {
      const challenge = next ?? (await api.renew())
      next = undefined
      if (!challenge) throw new Error('The client renews by itself now.')
      return challenge
    })
  }
  return { progress, initialize, renew }
}
