import { createContext, type ComponentChildren } from 'preact'
import { useContext, useEffect, useRef } from 'preact/hooks'
import { usePlace } from '../lib/router'

/** SiteName is what all pages are called together, in the window's title. */
export const SiteName = createContext('')

/** PageHead is a page's only h1. Whoever comes from another page of the site is put there: that is what a new page would do. */
export function PageHead({
  title,
  over,
  actions,
  children,
}: {
  title: string
  over?: ComponentChildren
  actions?: ComponentChildren
  children?: ComponentChildren
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { moves } = usePlace()
  const site = useContext(SiteName)
  useEffect(() => {
    document.title = site ? `${title} – ${site}` : title
  }, [title, site])
  useEffect(() => {
    if (moves > 0) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <header class="page-head">
      <div class="page-title">
        {over && <p class="over">{over}</p>}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children && <div class="lead">{children}</div>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </header>
  )
}

/** Section is a part of a page under a heading of its own. */
export function Section({
  title,
  id,
  actions,
  children,
  note,
}: {
  title: string
  id: string
  actions?: ComponentChildren
  children: ComponentChildren
  note?: ComponentChildren
}) {
  return (
    <section class="section" aria-labelledby={`${id}-title`} id={id}>
      <div class="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {actions}
      </div>
      {note && <p class="note">{note}</p>}
      {children}
    </section>
  )
}

/** Facts lists names and values. */
export function Facts({ items }: { items: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {items
        .filter(([, value]) => value !== undefined && value !== '' && value !== null && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
