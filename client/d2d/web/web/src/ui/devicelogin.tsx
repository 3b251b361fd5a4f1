import { useEffect } from 'preact/hooks'
import { Copy } from '@shared/ui/files'
import { Notice } from '@shared/ui/feedback'
import { useSession } from '../lib/session'

const every = 3000 // milliseconds between looks at the client while somebody logs it in

/** DeviceLogin says where the client itself is to be logged in, on whatever machine (RFC 8628 §3.3); nothing where it does not ask for it. */
export function DeviceLogin() {
  const { status, refresh, say } = useSession()
  const login = status?.login
  useEffect(() => {
    if (!login) return
    const timer = setInterval(() => {
      if (!document.hidden) void refresh()
    }, every)
    return () => clearInterval(timer)
  }, [login?.code])
  if (!login) return null
  return (
    <section class="section" aria-label="Log the client in">
      <Notice tone="pending" title="The client waits for somebody to log it in">
        <p>
          Open this address, on this machine or any other, log in, and confirm the code there. The client then gets its certificate by
          itself.
        </p>
        <p>
          <a href={login.page} target="_blank" rel="noopener noreferrer" class="wrap">
            {login.page}
          </a>
        </p>
        <p class="code">
          <span class="muted">Code</span> <code>{login.code}</code> <Copy text={login.code} what="the code" say={say} />
        </p>
      </Notice>
    </section>
  )
}
