import { usePlace } from '@shared/lib/router'
import { Icon, type IconName } from '@shared/ui/icons'
import { Mark } from '@shared/ui/mark'
import { ThemeButton } from '@shared/ui/themebutton'
import { useSession } from './lib/session'
import { Page } from './pages/page'
import { Account } from './ui/account'

const rooms: [string, string, IconName][] = [
  ['/', 'This client', 'home'],
  ['/devices', 'Devices', 'device'],
]

/** isIn tells whether a path is in a room; /join is in the first one. */
const isIn = (room: string, path: string): boolean =>
  room === '/' ? path === '/' || path.startsWith('/join/') : path === room || path.startsWith(`${room}/`)

/** Shell is what stays around the pages. */
export function Shell() {
  const { path } = usePlace()
  const { status } = useSession()
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/" aria-label="Device client, home">
          <Mark size={26} />
          <span>Device client</span>
        </a>
        <nav aria-label="Main">
          {rooms.map(([to, name, icon]) => (
            <a key={to} href={to} aria-current={isIn(to, path) ? 'page' : undefined}>
              <Icon name={icon} />
              {name}
            </a>
          ))}
        </nav>
        <div class="bar-end">
          <ThemeButton />
          <Account />
        </div>
      </header>
      {status?.identity?.needsToken && path !== '/' && (
        <div class="session-end" role="status">
          <span>The client’s certificate is to be renewed, and somebody has to log in for that.</span>
          <a class="button small" href="/">
            See to it
          </a>
        </div>
      )}
      <main id="main" tabIndex={-1}>
        <Page key={path} path={path} />
      </main>
    </>
  )
}
