import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

export interface Column<T> {
  head: string
  cell: (row: T) => ComponentChildren
  kind?: 'main' | 'number' | 'action'
}

/**
 * Table shows rows; on a narrow screen each becomes a card, which is why the roles are spelled out: display other than table would
 * take them away. Rows may move while a page refreshes itself: whoever is on a link in one stays on it.
 */
export function Table<T>({ caption, columns, rows, id }: { caption: string; columns: Column<T>[]; rows: T[]; id: (row: T) => string }) {
  const body = useRef<HTMLTableSectionElement>(null)
  const focused = useRef<{ row: string; index: number } | undefined>(undefined)
  useLayoutEffect(() => {
    const was = focused.current
    if (!was || document.activeElement !== document.body) return
    const row = [...(body.current?.rows ?? [])].find((r) => r.dataset['row'] === was.row)
    row?.querySelectorAll<HTMLElement>('a,button')[was.index]?.focus({ preventScroll: true })
  })
  const remember = (event: FocusEvent): void => {
    const row = (event.target as Element).closest('tr')
    if (row)
      focused.current = { row: row.dataset['row'] ?? '', index: [...row.querySelectorAll('a,button')].indexOf(event.target as Element) }
  }
  const forget = (event: FocusEvent): void => {
    if (event.relatedTarget) focused.current = undefined
  }
  return (
    <table class="table" role="table">
      <caption class="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((c) => (
            <th key={c.head} role="columnheader" scope="col" class={c.kind}>
              {c.kind === 'action' ? <span class="hidden">{c.head}</span> : c.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" ref={body} onFocusIn={remember} onFocusOut={forget}>
        {rows.map((row) => (
          <tr key={id(row)} role="row" data-row={id(row)}>
            {columns.map((c) => (
              <td key={c.head} role="cell" class={c.kind} data-head={c.kind ? undefined : c.head}>
                <div class="cell">{c.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
