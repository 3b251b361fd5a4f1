import type { ComponentChildren } from 'preact'
import { Notice } from '@shared/ui/feedback'
import { PageHead } from '@shared/ui/page'
import { useSession } from '../lib/session'
import { nameOf, offersOf, words, type WayName } from '../lib/ways'
import { Step } from './steps'

/** Join stands around one of the ways: what it is, and why it cannot be gone where it cannot. */
export function Join({ way, children }: { way: WayName; children: ComponentChildren }) {
  const { config, status } = useSession()
  const { title, means, lost } = words[way]
  const is = nameOf(status?.way ?? '')
  const not = offersOf(config).find((o) => o.way === way)?.not
  return (
    <>
      <PageHead title={title} over={<a href="/">This client</a>}>
        <p>{means}</p>
        <p>{lost}</p>
      </PageHead>
      {is ? (
        <Notice tone="warning" title={`The client is a member already: ${words[is].name.toLowerCase()}`}>
          <p>
            It is one of the three at a time. <a href="/">Reset it</a> to go another way.
          </p>
        </Notice>
      ) : not ? (
        <Notice tone="warning" title="This way is closed">
          <p class="wrap">{not}</p>
          <p>
            <a href="/">See the other ways</a>
          </p>
        </Notice>
      ) : (
        children
      )}
    </>
  )
}

/** LogInStep is the first of the steps to a certificate. */
export function LogInStep() {
  const { person, canLogIn, logIn, logOut } = useSession()
  return (
    <Step n={1} doing={person ? 'done' : 'next'} title="Log in as the devices’ owner">
      {person ? (
        <p>
          You are logged in as <strong>{person.name || person.owner}</strong>
          {person.owner && person.owner !== person.name && (
            <>
              , of owner <strong>{person.owner}</strong>
            </>
          )}
          .{' '}
          <button type="button" class="button small" onClick={logOut}>
            Log out
          </button>
        </p>
      ) : canLogIn ? (
        <>
          <p>
            You are taken to your organization’s OAuth server and back. Whose users you are among decides which devices the client may use.
          </p>
          <p>
            <button type="button" class="button primary" onClick={logIn}>
              Log in
            </button>
          </p>
        </>
      ) : (
        <Notice tone="warning" title="Nobody can log in here">
          <p>Open this page over HTTPS, or on 127.0.0.1: without that, browsers do not offer the cryptography that log-in needs.</p>
        </Notice>
      )}
    </Step>
  )
}
