// The words after `npm run bench --`, checked. A wrong word ends the program with the list of right ones.

export const COMPETITORS = ['interpreter', 'qemu', 'libunicorn', 'unicorn.js', 'v86']

const usage = `npm run bench -- [options]
  --quick             short measurements, two rounds: below a minute
  --rounds N          rounds of interleaved measurements (default 4, quick 2; even is fair to both orders)
  --milliseconds N    least length of a measurement (default 300, quick 30)
  --only A,B          these lines alone: guest/pipe, x87 (in both groups), or all of flat
  --against A,B       of ${COMPETITORS.join(', ')}; or none (default: all but the interpreter)
  --jit on|off        whether the project's own core may compile (default on)
  --bits 64|32        which flat image the project's own core runs (default 64)
  --size N            how much the phases of real guests do, above 0 up to 1 (default 1, quick 0.05)
  --json              one JSON document instead of tables
`

const flags = ['quick', 'json', 'help']
const values = ['rounds', 'milliseconds', 'only', 'against', 'jit', 'bits', 'size']

function fail(message) {
  process.stderr.write(`${message}\n${usage}`)
  process.exit(2)
}

function positive(text, otherwise) {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) fail(`${text} is no positive integer`)
  return number
}

function fraction(text, otherwise) {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!(number > 0 && number <= 1)) fail(`${text} is no size above 0 up to 1`)
  return number
}

function oneOf(text, choices, otherwise) {
  if (text === undefined) return otherwise
  if (!choices.includes(text)) fail(`${text} is none of ${choices.join(', ')}`)
  return text
}

export function readOptions(words) {
  const given = {}
  for (let i = 0; i < words.length; i++) {
    const [name, inline] = words[i].replace(/^--/, '').split('=')
    if (!words[i].startsWith('--') || !(flags.includes(name) || values.includes(name))) fail(`unknown word ${words[i]}`)
    if (flags.includes(name)) given[name] = true
    else {
      given[name] = inline ?? words[++i]
      if (given[name] === undefined) fail(`--${name} needs a value`)
    }
  }
  if (given.help) {
    process.stdout.write(usage)
    process.exit(0)
  }
  const list = (text) => (text === 'none' ? [] : text.split(','))
  const against =
    given.against === undefined ? COMPETITORS.filter((name) => name !== 'interpreter') : list(given.against)
  for (const name of against) oneOf(name, COMPETITORS)
  return {
    quick: given.quick === true,
    json: given.json === true,
    rounds: positive(given.rounds, given.quick ? 2 : 4),
    milliseconds: positive(given.milliseconds, given.quick ? 30 : 300),
    only: given.only === undefined ? undefined : list(given.only),
    against,
    jit: oneOf(given.jit, ['on', 'off'], 'on'),
    size: fraction(given.size, given.quick ? 0.05 : 1),
    bits: Number(oneOf(given.bits, ['64', '32'], '64')),
  }
}

/** Whether a line is asked for. */
export const wanted = (options, group, name) =>
  options.only === undefined || [group, name, `${group}/${name}`].some((one) => options.only.includes(one))
