import { useEffect } from 'preact/hooks'
import { Notice } from '@shared/ui/feedback'
import { Mark } from '@shared/ui/mark'
import { ThemeButton } from '@shared/ui/themebutton'
import { useSession } from '../lib/session'

/** Locked is what everybody sees who does not show a token of the client's owner. */
export function Locked({ why }: { why: string }) {
  const { config, person, canLogIn, logIn, logOut } = useSession()
  useEffect(() => {
    document.title = 'Log in – Device client'
  }, [])
  return (
    <div class="entrance">
      <div class="entrance-theme">
        <ThemeButton />
      </div>
      <main class="entrance-card">
        <Mark size={44} />
        <h1>Device client</h1>
        <p class="lead">
          {config.isInitialized && config.owner
            ? `This client holds a certificate of owner “${config.owner}”, and obeys that owner’s users alone. Log in as one of them.`
            : 'This client serves one owner’s users alone. Log in as one of them.'}
        </p>
        {person && (
          <Notice tone="warning" alert title={`You are logged in as ${person.name || person.owner}, and that does not do`}>
            <p>{why}</p>
          </Notice>
        )}
        {!canLogIn ? (
          <Notice tone="warning" title="Nobody can log in here">
            <p>
              {isSecureContext
                ? 'The client’s configuration lacks remoteProvisioning.authority or webOAuthClient.clientID: use the client from a terminal, with a token.'
                : 'Open this page over HTTPS, or on 127.0.0.1: without that, browsers do not offer the cryptography that log-in needs.'}
            </p>
          </Notice>
        ) : (
          <p>
            {person ? (
              <button type="button" class="button primary large" onClick={logOut}>
                Log out
              </button>
            ) : (
              <button type="button" class="button primary large" onClick={logIn}>
                Log in
              </button>
            )}
          </p>
        )}
      </main>
    </div>
  )
}
