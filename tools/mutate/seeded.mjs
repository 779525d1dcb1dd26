// Faults made by hand: what would be wrong to do here. A fault's place is found in any file of its room, by a function's name and a
// pattern in it; where the code may be written in more ways than one, by the first of several that is there. A place that is not there
// any more is told, not passed over: the fault then needs a new place in the code as it is now.

const fault = (id, room, says, ...places) => ({
  ...{ id, room, says },
  places: places.map(([functionName, pattern, replacement]) => ({ function: functionName, pattern, replacement })),
})

export const faults = [
  fault('poke-tail-first', 'text', 'the last byte is not written', [
    'poke_batch_run',
    /loc->text \+ 1, loc->len - 1/,
    'loc->text + 1, loc->len - 2',
  ]),
  fault('poke-batch-limit', 'text', 'one site too many in a batch', [
    'text_poke_queue',
    /nr == POKE_BATCH_MAX/,
    'nr == POKE_BATCH_MAX + 1',
  ]),
  fault('poke-first-page', 'text', 'all bytes through the alias of the first page', [
    'text_poke_early',
    /\*writable_alias\(\(unsigned long\)addr \+ i\)/,
    '*(writable_alias((unsigned long)addr) + i)',
  ]),
  fault('poke-no-order', 'text', 'a batch that is not sorted', ['text_poke_queue', />= \(unsigned long\)addr/, '== 1']),
  fault('int3-push', 'text', 'an emulated call leaves no return address', [
    'poke_int3_handler',
    /\*\(unsigned long \*\)regs->sp = next;/,
    ';',
  ]),
  fault('trampoline-early', 'trace', 'a stub is given away while a task is on its way through it', [
    'finish_leaving',
    /wait_until_off_all_stacks\([^;]*;/,
    ';',
  ]),
  fault('trampoline-waiting', 'trace', 'tasks that wait for a CPU are not searched', [
    'search_all',
    /sched_for_each_waiting\([^;]*;/,
    ';',
  ]),
  fault('trampoline-running', 'trace', 'tasks that run are not searched', ['search_all', /search_stack\([^;]*;/, ';']),
  fault('stub-page-leak', 'trace', 'a stub that is given back goes on counting for its page', [
    'ftrace_free_retired_stubs',
    /page->nr_busy--;/,
    ';',
  ]),
  fault('r9', 'trace', 'r9 is not given back', ['ftrace_caller', /\tmovq\tPT_R9\(%rsp\), %r9\n/, '']),
  fault('flags', 'trace', 'the flags are not given back', ['ftrace_caller', /\tpopfq\n/, '\tleaq\t8(%rsp), %rsp\n']),
  fault('choice-unnamed', 'trace', 'the stack does not say which version was chosen', [
    'ftrace_caller',
    /leaq\tPT_ORIG_RAX\(%rsp\), %rbp/,
    'leaq\tCALLER_FRAME(%rsp), %rbp',
  ]),
  fault('list-no-filter', 'trace', 'of several handlers all are called for all functions', [
    'call_all',
    /if \(ftrace_ops_test\(ops, ip\)\)/,
    '',
  ]),
  fault('ipmodify-shared', 'trace', 'two may redirect one function', ['may_join', /any_claimed\(ops\)/, '0']),
  fault('sites-kept', 'trace', 'sites of a module that has gone are kept', [
    'ftrace_release_mod',
    /list_del\(&gone->list\);/,
    'gone = NULL;',
  ]),
  fault('switch-running', 'livepatch', 'a task that runs elsewhere is switched', ['check_task', /return -EBUSY;/, ';']),
  fault('idle-left-out', 'livepatch', 'idle tasks are left out', [
    'klp_for_each_task',
    /for_each_possible_cpu\(cpu\)[\s\S]*?;/,
    '(void)cpu;',
  ]),
  fault('no-inheritance', 'livepatch', 'a child does not inherit its state', [
    'klp_copy_process',
    /child->patch_state = current->patch_state;/,
    ';',
  ]),
  fault('unreliable-is-safe', 'livepatch', 'a stack that cannot be unwound counts as safe', [
    'look_at_stack',
    /return -EINVAL;/,
    'return 0;',
  ]),
  fault('stack-search', 'livepatch', 'nothing is looked for on the stack', [
    'look_at_stack',
    /return -EADDRINUSE;/,
    'return 0;',
  ]),
  fault('previous-version', 'livepatch', 'the original is looked for, not the previous version', [
    'going_away',
    /: klp_version_below\(func\)/,
    ': NULL',
  ]),
  fault('new-version', 'livepatch', 'unpatching looks for the old function', [
    'going_away',
    /target == KLP_TRANSITION_UNPATCHED/,
    '0',
  ]),
  fault('no-signals', 'livepatch', 'nobody is woken', ['klp_signal_tasks', /klp_for_each_task\(signal_task\);/, ';']),
  fault('half-reversed', 'livepatch', 'the target stays', ['klp_reverse_transition', /klp_target_state = !from;/, ';']),
  fault('force-forgets', 'livepatch', 'a forced patch can be unloaded', [
    'klp_force_transition',
    /klp_transition_patch->forced = true;/,
    ';',
  ]),
  fault('sympos-first', 'livepatch', 'the first match, whatever was asked', [
    'find_symbol',
    /\.position = position \}/,
    '.position = (position = position ? 1 : 0) }',
  ]),
  fault('ambiguous', 'livepatch', 'of several symbols the last is taken', [
    'find_symbol',
    /query\.seen == \(position \?: 1\)/,
    '(!position || query.seen == position)',
  ]),
  fault('nop-ignored', 'livepatch', 'who replaces others gives nothing back while it comes', [
    'cover_object',
    /ret = add_nop\(obj, func\);/,
    'ret = 0;',
  ]),
  fault('keeps-module', 'livepatch', 'a disabled patch can never be unloaded', [
    'free_patch',
    /module_put\(mod\);/,
    ';',
  ]),
  fault('old-version', 'livepatch', 'the wrong version while a transition runs', [
    'klp_ftrace_handler',
    /== KLP_TRANSITION_UNPATCHED/,
    '!= KLP_TRANSITION_UNPATCHED',
  ]),
  fault('overflow', 'module', 'a value that does not fit is written', [
    'module_apply_rela',
    /!reloc_fits\(type, value\)/,
    '0',
  ]),
  fault('text-writable', 'module', 'text stays writable', [
    'close_memory',
    /(text->size|MOD_TEXT\]\.size), false, true/,
    '$1, true, true',
  ]),
  fault('rodata-writable', 'module', 'constants stay writable', [
    'close_memory',
    /(rodata->size|MOD_RODATA\]\.size), false, false/,
    '$1, true, false',
  ]),
  fault('references', 'module', 'references of used modules are kept', ['module_free', /drop_uses\(mod\);/, ';']),
  fault('failed-references', 'module', 'a load that fails keeps its references', [
    'form_module',
    /drop_uses\(mod\);/,
    ';',
  ]),
  fault('twice', 'module', 'two modules of one name', ['name_is_taken', /return true;/, 'return false;']),
  fault('vermagic', 'module', 'a module of another build', ['check_vermagic', /return -ENOEXEC;/, 'return 0;']),
  fault('in-use', 'module', 'a module in use goes', [
    'try_stop',
    /int one = 1;/,
    'int one = module_refcount(mod) + 1;',
  ]),
  fault('referenced-twice', 'patch', 'an ambiguous symbol is taken', [
    'convertLivepatchSymbols',
    /places > 1 && choice\.position === 0/,
    'false',
  ]),
  fault('wrong-place', 'patch', 'the next symbol of the name', [
    'checkFunction',
    /wanted\.position - 1/,
    'wanted.position',
  ]),
  fault('child-not-counted', 'livepatch', 'a child is asked and not counted', [
    'klp_copy_process',
    /ask\(child\);/,
    'set_tsk_thread_flag(child, TIF_PATCH_PENDING);',
  ]),
  fault('signals-once', 'livepatch', 'only one round of signals', [
    'retry_work_fn',
    /seconds % SIGNALS_TIMEOUT == 0/,
    'seconds == SIGNALS_TIMEOUT',
  ]),
  fault('force-replaced', 'livepatch', 'what a forced patch replaces can be unloaded', [
    'klp_force_transition',
    /list_for_each_entry\(patch, &klp_patches, list\)\s*patch->forced = true;/,
    ';',
  ]),
  fault('shadow-first', 'livepatch', 'of the shadow variables of a bucket only the first goes', [
    'klp_shadow_free_all',
    /while \(\*link\)/,
    'if (*link)',
  ]),
  fault('array-number', 'module', 'more elements of an array than there are', [
    'is_param_array',
    / \|\| \*arr->num > arr->max/,
    '',
  ]),
]
