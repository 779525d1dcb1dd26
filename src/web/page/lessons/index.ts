// The lessons, in the order in which they are best taken.

import type { Lesson } from './lesson.js'
import { patchingLessons } from './patching.js'
import { upgradingLessons } from './upgrading.js'

export const LESSONS: readonly Lesson[] = [...patchingLessons, ...upgradingLessons]
