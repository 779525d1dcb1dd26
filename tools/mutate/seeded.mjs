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
  fault('trampoline-early', 'trace', 'a trampoline is freed while a task is in it', [
    'ftrace_shutdown',
    /ftrace_wait_trampoline_unused\([^;]*;/,
    ';',
  ]),
  fault('trampoline-waiting', 'trace', 'tasks that wait for a CPU are not searched', [
    'search_waiting_tasks',
    /found = true;/,
    ';',
  ]),
  fault('trampoline-running', 'trace', 'tasks that run are not searched', [
    'search_this_cpu',
    /WRITE_ONCE\(range->found, true\);/,
    ';',
  ]),
  fault('r9', 'trace', 'r9 is not given back', ['ftrace_regs_caller_call', /\tmovq\tR9\(%rsp\), %r9\n/, '']),
  fault('flags', 'trace', 'the flags are not given back', [
    'ftrace_regs_caller_call',
    /\tpopfq\n/,
    '\tleaq\t8(%rsp), %rsp\n',
  ]),
  fault('list-no-filter', 'trace', 'of several handlers all are called for all functions', [
    'ftrace_ops_list_func',
    / && ftrace_ops_test\(ops, ip\)/,
    '',
  ]),
  fault('ipmodify-shared', 'trace', 'two may redirect one function', ['ftrace_claim_ipmodify', /return -EBUSY;/, ';']),
  fault('sites-kept', 'trace', 'sites of a module that has gone are kept', [
    'ftrace_release_mod',
    /list_del\(&sites->list\);/,
    'continue;',
  ]),
  fault('switch-running', 'livepatch', 'a task that runs elsewhere is switched', [
    'klp_check_and_switch_task',
    /if \(task_curr\(task\)[^)]*\)\s*return -EBUSY;/,
    ';',
  ]),
  fault('idle-left-out', 'livepatch', 'idle tasks are left out', [
    'for_each_task_and_idle',
    /for_each_possible_cpu\(cpu\)[\s\S]*?;/,
    '(void)cpu;',
  ]),
  fault('no-inheritance', 'livepatch', 'a child does not inherit its state', [
    'klp_copy_process',
    /child->patch_state = current->patch_state;/,
    ';',
  ]),
  fault('unreliable-is-safe', 'livepatch', 'a stack that cannot be unwound counts as safe', [
    'klp_check_stack',
    /return -EINVAL;/,
    'return 0;',
  ]),
  fault('stack-search', 'livepatch', 'nothing is looked for on the stack', [
    'klp_check_stack_func',
    /return -EADDRINUSE;/,
    ';',
  ]),
  fault('previous-version', 'livepatch', 'the original is looked for, not the previous version', [
    'klp_check_stack_func',
    /if \(!ops \|\| [^{]*\{/,
    'if (1) {',
  ]),
  fault('new-version', 'livepatch', 'unpatching looks for the old function', [
    'klp_check_stack_func',
    /klp_target_state == KLP_TRANSITION_UNPATCHED/,
    '0',
  ]),
  fault('no-signals', 'livepatch', 'nobody is woken', [
    'klp_send_signals',
    /for_each_task_and_idle\(task_signal\);/,
    ';',
  ]),
  fault('half-reversed', 'livepatch', 'the target stays', [
    'klp_reverse_transition',
    /klp_target_state = !klp_target_state;/,
    ';',
  ]),
  fault('force-forgets', 'livepatch', 'a forced patch can be unloaded', [
    'klp_force_transition',
    /klp_transition_patch->forced = true;/,
    ';',
  ]),
  fault('sympos-first', 'livepatch', 'the first match, whatever was asked', [
    'klp_find_object_symbol',
    /\.pos = sympos \}/,
    '.pos = (sympos = sympos ? 1 : 0) }',
  ]),
  fault('ambiguous', 'livepatch', 'of several symbols the last is taken', [
    'klp_find_object_symbol',
    /arg\.count > 1 && !sympos/,
    '0',
  ]),
  fault('nop-ignored', 'livepatch', 'replacing does not give back what was patched before', [
    'klp_add_nops',
    /klp_add_nop\(obj, old\)/,
    '0',
  ]),
  fault('keeps-module', 'livepatch', 'a disabled patch can never be unloaded', [
    'klp_free_patch_finish',
    /module_put\(mod\);/,
    ';',
  ]),
  fault('old-version', 'livepatch', 'the wrong version while a transition runs', [
    'klp_choose_func',
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
]
