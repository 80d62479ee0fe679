/** Names of the codes in rights and in the trail, from the catalogue and the divisions that the page has. */
import { classes, placeName } from "../selection/store";
import type { Titles } from "./changes";
import type { NamesOf } from "./rights";

export const namesOf: NamesOf = {
  area: (code) => placeName(code),
  class: (code) => classes.value.get(code)?.title ?? code,
};

export const titlesOf: Titles = {
  ...namesOf,
  field: (name, class_) => classes.value.get(class_)?.fields.find((f) => f.name === name)?.title,
};
