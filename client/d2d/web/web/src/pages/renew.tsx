import { useAction } from '@shared/lib/hooks'
import { useCarrier } from '../lib/carry'
import { useSession } from '../lib/session'
import type { WayName } from '../lib/ways'
import { JoinFailure } from '../ui/advice'
import { Carrying } from '../ui/carrying'

/** Renew has the certificate renewed now: by the client itself, or through this browser. */
export function Renew({ way, due }: { way: WayName; due: boolean }) {
  const { api, person, canLogIn, logIn, refresh, say } = useSession()
  const { busy, error, run } = useAction()
  const carrier = useCarrier()
  const renew = async (): Promise<void> => {
    const challenge = await api.renew()
    if (challenge) await carrier.renew(challenge)
    say('The certificate is renewed.')
    await refresh()
  }
  return (
    <div class="renew">
      {person ? (
        <button type="button" class={due ? 'button primary' : 'button'} disabled={busy} onClick={() => void run(renew)}>
          {busy ? 'Renewing…' : 'Renew now'}
        </button>
      ) : (
        canLogIn && (
          <button type="button" class={due ? 'button primary' : 'button'} onClick={logIn}>
            Log in to renew
          </button>
        )
      )}
      {busy && way === 'browser' && <Carrying progress={carrier.progress} renewing />}
      <JoinFailure error={error} title="The certificate is not renewed" />
    </div>
  )
}
