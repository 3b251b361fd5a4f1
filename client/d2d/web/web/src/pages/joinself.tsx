import { navigate } from '@shared/lib/router'
import { useAction } from '@shared/lib/hooks'
import { useSession } from '../lib/session'
import { JoinFailure } from '../ui/advice'
import { DeviceLogin } from '../ui/devicelogin'
import { Join, LogInStep } from '../ui/join'
import { Step, Steps } from '../ui/steps'

/** JoinBySelf has the client ask for its certificate itself, with the person's token. */
export function JoinBySelf() {
  const { api, config, person, refresh, say } = useSession()
  const { busy, error, run } = useAction()
  const ask = async (): Promise<void> => {
    await api.initializeSelf()
    await refresh()
    say('The client is a member now.')
    navigate('/')
  }
  return (
    <Join way="self">
      <Steps>
        <LogInStep />
        <Step n={2} doing={error ? 'failed' : person ? 'next' : 'open'} title="The client asks for its certificate">
          <p>
            The client makes a private key, which never leaves it, and sends a request for a certificate, with your token, to{' '}
            <code class="wrap">{config.remoteProvisioning.certificateAuthority}</code>.
          </p>
          <p>
            <button type="button" class="button primary" disabled={!person || busy} onClick={() => void run(ask)}>
              {busy ? 'One moment…' : 'Have the client ask'}
            </button>
          </p>
          <JoinFailure error={error} title="The client has no certificate" />
        </Step>
      </Steps>
      {config.remoteProvisioning.deviceOauthClient.clientId && (
        <p class="hint">
          The client can also be logged in without this page: when it starts for the first time, it shows an address and a code, here and on
          its terminal.
        </p>
      )}
      <DeviceLogin />
    </Join>
  )
}
