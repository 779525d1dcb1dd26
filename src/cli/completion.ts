// `transplant completion bash|zsh|fish`: what a shell needs to complete our words, made of the tree of commands itself.

import { Argument, type Command } from 'commander'
import { explain } from './help.js'

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
type Shell = keyof typeof SHELLS

/** A word that may come next, with what it does. */
interface Word {
  readonly text: string
  readonly about: string
}

/** What may come behind the words of a command: ' patch load', say; '' is the program itself. */
interface Place {
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
}

export function addCompletionCommand(program: Command): void {
  explain(
    program
      .command('completion')
      .description('a script that lets your shell complete the words of transplant')
      .addArgument(new Argument('<shell>', 'yours').choices(Object.keys(SHELLS))),
    {
      examples: [
        'source <(transplant completion bash)                                       in ~/.bashrc',
        'transplant completion zsh >~/.zfunc/_transplant                            in a folder of $fpath',
        'transplant completion fish >~/.config/fish/completions/transplant.fish',
      ],
      exitCodes: '0 printed, 2 another shell.',
    },
  ).action((shell: Shell) => {
    process.stdout.write(SHELLS[shell](placesOf(program)))
  })
}

function placesOf(command: Command, path = ''): Place[] {
  const { commands, options } = command
  const here = {
    path,
    commands: commands.map((one) => ({ text: one.name(), about: one.description() })),
    options: [
      ...options.map((one) => ({ text: one.long ?? one.short ?? '', about: one.description })),
      { text: '--help', about: 'display help for command' },
    ],
  }
  return [here, ...commands.flatMap((one) => placesOf(one, `${path} ${one.name()}`))]
}

/** A text as one word of a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The branches of a `case` that follow the words of commands; what else is typed is passed over. */
const steps = (places: readonly Place[]): string =>
  places.flatMap(({ path }) => (path === '' ? [] : [quote(path)])).join('|')

function bashScript(places: readonly Place[]): string {
  const branches = places.map(({ path, commands, options }) => {
    const words = [...commands, ...options].map(({ text }) => text)
    return `    ${quote(path)}) words=${quote(words.join(' '))} ;;`
  })
  return `# Completes the words of transplant in bash; files where no word fits.
_transplant() {
  local path='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
    ${steps(places)}) path+=" \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
${branches.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _transplant transplant
`
}

function zshScript(places: readonly Place[]): string {
  const item = ({ text, about }: Word): string => quote(`${text}:${about}`)
  const branches = places.map(({ path, commands, options }) => {
    return `    (${quote(path)}) here=(${[...commands, ...options].map(item).join(' ')}) ;;`
  })
  return `#compdef transplant
# Completes the words of transplant in zsh, and files.
_transplant() {
  local place='' word
  local -a here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
    (${steps(places)}) place+=" $word" ;;
    esac
  done
  case "$place" in
${branches.join('\n')}
  esac
  _describe transplant here
  _files
}
if [[ $funcstack[1] == _transplant ]]; then _transplant "$@"; else compdef _transplant transplant; fi
`
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const at = `complete -c transplant -n ${quote(`__transplant_at ${quoteFish(path)}`)}`
    return [
      ...commands.map(({ text, about }) => `${at} -a ${text} -d ${quoteFish(about)}`),
      ...options.map(({ text, about }) => {
        const name = text.startsWith('--') ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`
        return `${at} ${name} -d ${quoteFish(about)}`
      }),
    ]
  })
  return `# Completes the words of transplant in fish, and files.
function __transplant_at
    set -l place ''
    for word in (commandline -opc)[2..]
        if contains -- "$place $word" ${places.map(({ path }) => quoteFish(path)).join(' ')}
            set place "$place $word"
        end
    end
    test "$place" = "$argv[1]"
end
${lines.join('\n')}
`
}

/** A text as one word of fish, whose quotes know only these two escapes. */
const quoteFish = (text: string): string => `"${text.replace(/["\\$]/g, '\\$&')}"`
