import { useEffect, useState } from 'preact/hooks'
import { usePlace } from '@shared/lib/router'
import { useSession } from './lib/session'
import { Page } from './pages/page'
import { AccountMenu } from './ui/account'
import { Icon, type IconName } from '@shared/ui/icons'
import { Mark } from '@shared/ui/mark'
import { ThemeButton } from '@shared/ui/themebutton'

const rooms: [string, string, IconName][] = [
  ['/', 'Home', 'home'],
  ['/devices', 'Devices', 'device'],
  ['/groups', 'Groups', 'group'],
  ['/hubs', 'Hubs', 'hub'],
]

const soon = 3 * 60_000 // before the session's end, in milliseconds

/** Shell is what stays around the pages. */
export function Shell({ logOut, logIn }: { logOut: () => void; logIn: () => void }) {
  const { path } = usePlace()
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/" aria-label="Device provisioning, home">
          <Mark size={26} />
          <span>Device provisioning</span>
        </a>
        <nav aria-label="Main">
          {rooms.map(([to, name, icon]) => (
            <a
              key={to}
              href={to}
              aria-current={(to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)) ? 'page' : undefined}
            >
              <Icon name={icon} />
              {name}
            </a>
          ))}
        </nav>
        <div class="bar-end">
          <ThemeButton />
          <AccountMenu logOut={logOut} />
        </div>
      </header>
      <SessionEnd logIn={logIn} />
      <main id="main" tabIndex={-1}>
        <Page key={path} path={path} />
      </main>
    </>
  )
}

/** SessionEnd warns in time, so that nobody loses what is half written. */
function SessionEnd({ logIn }: { logIn: () => void }) {
  const { expiresAt } = useSession()
  const [near, setNear] = useState(false)
  useEffect(() => {
    if (!expiresAt) return
    const wait = expiresAt.getTime() - Date.now() - soon
    if (wait <= 0) {
      setNear(true)
      return
    }
    const timer = setTimeout(() => setNear(true), Math.min(wait, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  }, [expiresAt?.getTime()])
  if (!near || !expiresAt) return null
  return (
    <div class="session-end" role="status">
      <span>Your session ends at {expiresAt.toLocaleTimeString()}. Save what you are writing, then log in again.</span>
      <button type="button" class="button small" onClick={logIn}>
        Log in again
      </button>
    </div>
  )
}
