import { navigate } from '@shared/lib/router'
import { useAction } from '@shared/lib/hooks'
import { useCarrier } from '../lib/carry'
import { useSession } from '../lib/session'
import { JoinFailure } from '../ui/advice'
import { Carrying } from '../ui/carrying'
import { Join, LogInStep } from '../ui/join'
import { Step, Steps } from '../ui/steps'

/** JoinByBrowser has this browser carry the client's request to the signing service, and the certificate back. */
export function JoinByBrowser() {
  const { config, person, refresh, say } = useSession()
  const { busy, error, run } = useAction()
  const carrier = useCarrier()
  const seconds = Math.round(Number(config.remoteProvisioning.userAgent.csrChallengeStateExpiration) / 1e9)
  const join = async (): Promise<void> => {
    await carrier.initialize()
    await refresh()
    say('The client is a member now.')
    navigate('/')
  }
  return (
    <Join way="browser">
      <Steps>
        <LogInStep />
        <Step n={2} doing={error ? 'failed' : person ? 'next' : 'open'} title="This browser carries the request">
          <p>
            The client makes a private key, which never leaves it, and a request for a certificate. This browser has it signed at{' '}
            <code class="wrap">{config.remoteProvisioning.certificateAuthority}</code> and brings the certificate back
            {seconds > 0 && `, within ${seconds} seconds`}.
          </p>
          {busy && <Carrying progress={carrier.progress} />}
          <p>
            <button type="button" class="button primary" disabled={!person || busy} onClick={() => void run(join)}>
              {busy ? 'One moment…' : error ? 'Start again' : 'Carry the request'}
            </button>
          </p>
          <JoinFailure error={error} title="The client has no certificate" />
        </Step>
      </Steps>
    </Join>
  )
}
