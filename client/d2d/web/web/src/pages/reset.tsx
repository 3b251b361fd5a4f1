import { useSession } from '../lib/session'
import type { WayName } from '../lib/ways'
import { Confirm } from '@shared/ui/dialog'

/** Reset asks before the client forgets who it is. */
export function Reset({ way, onClose }: { way: WayName; onClose: () => void }) {
  const { api, refresh, say } = useSession()
  const reset = async (): Promise<void> => {
    await api.reset()
    onClose()
    say('The client has forgotten its credentials.')
    await refresh()
  }
  return (
    <Confirm title="Reset this client?" verb="Reset the client" onClose={onClose} action={reset}>
      {way === 'key' ? (
        <>
          <p>
            The client forgets its key and every device. Devices that know it by this key let nobody in any more,{' '}
            <strong>unless you have the key elsewhere</strong>: each then needs a factory reset, by its own button.
          </p>
          <p>To give devices up properly, open each and give it up first.</p>
        </>
      ) : (
        <p>
          The client forgets its private key, its certificate and every device. The devices stay as they are: after another log-in the
          client can use them again.
        </p>
      )}
    </Confirm>
  )
}
