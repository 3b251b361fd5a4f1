import { useEffect } from 'preact/hooks'
import { ThemeButton } from '@shared/ui/themebutton'
import { Notice } from '@shared/ui/feedback'
import { Mark } from '@shared/ui/mark'

interface Props {
  stage: { name: 'starting' } | { name: 'broken'; message: string } | { name: 'unconfigured' } | { name: 'out'; why: '' | 'ended' | 'left' }
  logIn: () => void
}

/** Entrance is what somebody sees who is not logged in. */
export function Entrance({ stage, logIn }: Props) {
  useEffect(() => {
    document.title = 'Device provisioning'
  }, [])
  return (
    <div class="entrance">
      <div class="entrance-theme">
        <ThemeButton />
      </div>
      <main class="entrance-card">
        <Mark size={44} />
        <h1>Device provisioning</h1>
        <p class="lead">
          Devices fresh from the factory prove here who made them, and leave with an owner, an identity certificate, access rules and a
          token for their hub. This console shows whether they get in, and why not where they do not.
        </p>
        <Inside stage={stage} logIn={logIn} />
      </main>
    </div>
  )
}

function Inside({ stage, logIn }: Props) {
  switch (stage.name) {
    case 'starting':
      return (
        <p class="loading" role="status">
          One moment…
        </p>
      )
    case 'unconfigured':
      return (
        <Notice tone="warning" title="Log-in is not set up">
          <p>
            Set <code>apis.http.authorization.webClientID</code> in the service’s configuration to the OAuth client of this console, a
            public client with authorization code and PKCE, and allow it this redirect address:
          </p>
          <p>
            <code class="wrap">{location.origin}/callback</code>
          </p>
        </Notice>
      )
    case 'broken':
      return (
        <>
          <Notice tone="failed" alert title="This does not work right now">
            <p>{stage.message}</p>
          </Notice>
          <p>
            <button type="button" class="button" onClick={() => location.reload()}>
              Try again
            </button>
          </p>
        </>
      )
    case 'out':
      return (
        <>
          {stage.why === 'ended' && (
            <Notice tone="warning" alert title="Your session has ended">
              <p>Log in again to go on where you were.</p>
            </Notice>
          )}
          {stage.why === 'left' && <Notice tone="ok" alert title="You are logged out" />}
          <p>
            <button type="button" class="button primary large" onClick={logIn}>
              Log in
            </button>
          </p>
          <p class="hint">You are taken to your organization’s OAuth server and back.</p>
        </>
      )
  }
}
