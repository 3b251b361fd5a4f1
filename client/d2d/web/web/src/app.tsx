import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf, Problem } from '@shared/api/problem'
import { Auth } from '@shared/lib/auth'
import { navigate } from '@shared/lib/router'
import { SiteName } from '@shared/ui/page'
import { Toast, useToast } from '@shared/ui/toast'
import { Client } from './api/client'
import type { Configuration, Status } from './api/types'
import { claimOf } from './lib/claims'
import { SessionContext, type Person, type Session } from './lib/session'
import { Entrance } from './pages/entrance'
import { Locked } from './pages/locked'
import { Shell } from './shell'

/** Known is what the client says of itself. locked is why it says no more: it wants a token of its owner. */
interface Known {
  config: Configuration
  status: Status | undefined
  locked: string
}

/** Stage is how far the page has come. */
type Stage = { name: 'starting' } | { name: 'broken'; message: string } | ({ name: 'there' } & Known)

const siteName = 'Device client'

/** App finds out who the client is and who is logged in, and shows the pages. */
export function App() {
  const [stage, setStage] = useState<Stage>({ name: 'starting' })
  const [toast, say] = useToast()
  const auth = useRef<Auth | undefined>(undefined)
  const silent = useRef({ ids: new Set<string>() as ReadonlySet<string> })
  const api = useRef(
    new Client(
      () => auth.current?.token(),
      () => void refresh(),
    ),
  )
  const broken = (message: string): void => setStage({ name: 'broken', message })
  const refresh = async (): Promise<void> => {
    try {
      setStage({ name: 'there', ...(await look(api.current)) })
    } catch (error) {
      setStage((s) => (s.name === 'there' ? s : { name: 'broken', message: messageOf(error) })) // what is half written stays
      say(messageOf(error))
    }
  }
  useEffect(() => {
    start(api.current, auth).then(
      (known) => setStage({ name: 'there', ...known }),
      (error: unknown) => broken(messageOf(error)),
    )
  }, [])
  const expiresAt = stage.name === 'there' ? auth.current?.expiresAt : undefined
  useEffect(() => {
    const left = (expiresAt?.getTime() ?? 0) - Date.now()
    if (left <= 0) return
    const timer = setTimeout(() => void refresh(), Math.min(left + 500, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  }, [expiresAt?.getTime()])
  if (stage.name !== 'there') return <Entrance message={stage.name === 'broken' ? stage.message : ''} />

  const logIn = (): void => {
    const back = location.pathname === '/callback' ? '/' : location.pathname + location.search
    auth.current
      ?.begin(back)
      .catch((error: unknown) => broken(`The OAuth server cannot be reached, so nobody can log in: ${messageOf(error)}`))
  }
  const logOut = (): void => {
    const forget = async (): Promise<void> => {
      await auth.current?.forget()
      await refresh()
    }
    auth.current?.end().then(async (leaving) => {
      if (!leaving) await refresh()
    }, forget)
  }
  const session: Session = {
    api: api.current,
    config: stage.config,
    status: stage.status,
    person: personOf(auth.current, stage.config),
    canLogIn: auth.current !== undefined,
    logIn,
    logOut,
    refresh,
    silent: silent.current,
    say,
  }
  return (
    <SessionContext.Provider value={session}>
      <SiteName.Provider value={siteName}>
        {stage.locked ? <Locked why={stage.locked} /> : <Shell />}
        <Toast message={toast} />
      </SiteName.Provider>
    </SessionContext.Provider>
  )
}

/** look asks the client who it is. */
async function look(api: Client): Promise<Known> {
  const config = await api.configuration()
  try {
    return { config, status: await api.status(), locked: '' }
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error
    return { config, status: undefined, locked: error.message }
  }
}

/** start takes up the session of this tab, or the one that the OAuth server has just given. */
async function start(api: Client, auth: { current: Auth | undefined }): Promise<Known> {
  const { remoteProvisioning: remote } = await api.configuration()
  if (remote.authority && remote.webOauthClient.clientId && isSecureContext) {
    auth.current = new Auth({ authority: remote.authority, ...remote.webOauthClient })
  }
  if (location.pathname === '/callback') {
    const finished = auth.current?.finish() ?? Promise.reject(new Error('nobody can log in here'))
    const back = await finished.catch((error: unknown) => {
      navigate('/', { replace: true })
      throw new Error(`Log-in did not succeed: ${messageOf(error)}`)
    })
    navigate(back, { replace: true })
  } else {
    await auth.current?.restore()
  }
  return look(api)
}

function personOf(auth: Auth | undefined, { remoteProvisioning }: Configuration): Person | undefined {
  const token = auth?.token()
  if (!auth || !token) return undefined
  return { name: auth.name, owner: claimOf(token, remoteProvisioning.jwtOwnerClaim), token, expiresAt: auth.expiresAt }
}
