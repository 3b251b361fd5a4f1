import { useCallback, useEffect, useState } from 'preact/hooks'

interface Message {
  text: string
  n: number
}

/** useToast keeps one short message; the next takes its place. */
export function useToast(): [Message, (text: string) => void] {
  const [message, setMessage] = useState<Message>({ text: '', n: 0 })
  return [message, useCallback((text: string) => setMessage((m) => ({ text, n: m.n + 1 })), [])]
}

/** Toast shows it for a while; it is read out politely, and nothing needs to be done about it. */
export function Toast({ message }: { message: Message }) {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (!message.text) return
    setShown(true)
    const timer = setTimeout(() => setShown(false), 6000)
    return () => clearTimeout(timer)
  }, [message.n])
  return (
    <div class={shown ? 'toast shown' : 'toast'} role="status">
      {shown ? message.text : ''}
    </div>
  )
}
