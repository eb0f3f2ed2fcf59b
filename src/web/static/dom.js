// All text goes in by textContent: what came from the wire is never read as HTML.

/** The element with that id. */
export const byId = (id) => document.getElementById(id)

/** A new element with a class and children; strings become text. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** Shows or hides an element. */
export function show(element, shown) {
  element.hidden = !shown
}

/** Puts a long word into `element` in groups of eight that may break between lines; copied and read it is one word. */
export function putGrouped(element, text) {
  element.replaceChildren(
    ...(text.match(/.{1,8}/gs) ?? []).map((group) => make('span', 'group', group)),
  )
}

/** A button that copies what `text` returns. */
export function copyButton(text, name) {
  const button = make('button', 'copy', 'Copy')
  button.type = 'button'
  button.setAttribute('aria-label', `Copy ${name}`)
  wireCopy(button, text)
  return button
}

/** Makes `button` copy what `text` returns, and say so for a moment. */
export function wireCopy(button, text) {
  let timer
  button.addEventListener('click', async () => {
    button.textContent = (await copy(text())) ? 'Copied' : 'Not allowed'
    clearTimeout(timer)
    timer = setTimeout(() => (button.textContent = 'Copy'), 1500)
  })
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Over plain HTTP from another machine browsers have no clipboard object: the old way still works.
    const area = make('textarea', 'hidden')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}
