import { useEffect, useRef, useState } from 'preact/hooks'
import { Client } from './api/client'
import { messageOf } from '@shared/api/problem'
import type { Login, Me } from './api/types'
import { Auth } from '@shared/lib/auth'
import { navigate } from '@shared/lib/router'
import { SessionContext, type Session } from './lib/session'
import { Entrance } from './pages/entrance'
import { Shell } from './shell'
import { SiteName } from '@shared/ui/page'
import { Toast, useToast } from '@shared/ui/toast'

/** Stage is how far log-in has come. */
type Stage =
  | { name: 'starting' }
  | { name: 'broken'; message: string }
  | { name: 'unconfigured' }
  | { name: 'out'; why: '' | 'ended' | 'left' }
  | { name: 'in'; me: Me }

/** App knows who is there, and shows the entrance or the house. */
export function App() {
  const [stage, setStage] = useState<Stage>({ name: 'starting' })
  const auth = useRef<Auth | undefined>(undefined)
  const api = useRef(
    new Client(
      () => auth.current?.token(),
      () => setStage({ name: 'out', why: 'ended' }),
    ),
  )
  const [toast, say] = useToast()
  useEffect(() => {
    void start(api.current, auth).then(setStage)
  }, [])
  const expiresAt = stage.name === 'in' ? auth.current?.expiresAt : undefined
  useEffect(() => {
    if (!expiresAt) return
    const timer = setTimeout(() => setStage({ name: 'out', why: 'ended' }), Math.min(expiresAt.getTime() - Date.now(), 2 ** 31 - 1))
    return () => clearTimeout(timer)
  }, [expiresAt?.getTime()])
  const logIn = (): void => {
    const back = location.pathname === '/callback' ? '/' : location.pathname + location.search
    auth.current
      ?.begin(back)
      .catch((error: unknown) =>
        setStage({ name: 'broken', message: `The OAuth server cannot be reached, so nobody can log in: ${messageOf(error)}` }),
      )
  }
  const logOut = (): void => {
    navigate('/', { replace: true })
    auth.current?.end().then(
      (leaving) => {
        if (!leaving) setStage({ name: 'out', why: 'left' })
      },
      () => void auth.current?.forget().then(() => setStage({ name: 'out', why: 'left' })),
    )
  }
  if (stage.name !== 'in') return <Entrance stage={stage} logIn={logIn} />
  const access = stage.me.access
  const session: Session = {
    api: api.current,
    me: stage.me,
    canWrite: access === 'write' || access === 'admin',
    isAdmin: access === 'admin',
    expiresAt,
    say,
  }
  return (
    <SessionContext.Provider value={session}>
      <SiteName.Provider value="Device provisioning">
        <Shell logOut={logOut} logIn={logIn} />
        <Toast message={toast} />
      </SiteName.Provider>
    </SessionContext.Provider>
  )
}

/** start finds out how to log in and whether somebody is. */
async function start(api: Client, auth: { current: Auth | undefined }): Promise<Stage> {
  try {
    const login: Login = await api.login()
    if (!login.webClientId) return { name: 'unconfigured' }
    if (!isSecureContext) {
      return {
        name: 'broken',
        message: 'Open this page over HTTPS (or on localhost): without that, browsers do not offer the cryptography that log-in needs.',
      }
    }
    auth.current = new Auth({
      authority: login.authority ?? '',
      clientId: login.webClientId,
      scopes: login.scopes ?? [],
      audience: login.audience ?? '',
    })
    if (location.pathname === '/callback') {
      const back = await auth.current.finish().catch((error: unknown) => {
        navigate('/', { replace: true })
        throw new Error(`Log-in did not succeed: ${messageOf(error)}`)
      })
      navigate(back, { replace: true })
    } else if (!(await auth.current.restore())) {
      return { name: 'out', why: '' }
    }
    return { name: 'in', me: await api.me() }
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 401) {
      await auth.current?.forget()
      return {
        name: 'broken',
        message: `You are logged in at the OAuth server, but this service does not take its token: ${error.message}`,
      }
    }
    return { name: 'broken', message: messageOf(error) }
  }
}
