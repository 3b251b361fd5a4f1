import { useEffect } from 'preact/hooks'
import { Notice } from '@shared/ui/feedback'
import { Mark } from '@shared/ui/mark'
import { ThemeButton } from '@shared/ui/themebutton'

/** Entrance stands there until the client has told who it is, and where it does not. */
export function Entrance({ message }: { message: string }) {
  useEffect(() => {
    document.title = 'Device client'
  }, [])
  return (
    <div class="entrance">
      <div class="entrance-theme">
        <ThemeButton />
      </div>
      <main class="entrance-card">
        <Mark size={44} />
        <h1>Device client</h1>
        {message ? (
          <>
            <Notice tone="failed" alert title="This does not work right now">
              <p>{message}</p>
            </Notice>
            <p>
              <button type="button" class="button" onClick={() => location.reload()}>
                Try again
              </button>
            </p>
          </>
        ) : (
          <p class="loading" role="status">
            One moment…
          </p>
        )}
      </main>
    </div>
  )
}
