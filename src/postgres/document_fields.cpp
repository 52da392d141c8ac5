// Which members of a document a query uses: then only those attributes are asked for.
#include "document_fields.hpp"

#include <cstring>

#include "compat.hpp"

extern "C" {
#include "utils/fmgroids.h"
}

namespace dynamodb_fdw {
namespace {

struct Search {
  RelOptInfo* rel;
  AttrNumber attnum;
  List* fields;
};

bool is_document(Node* node, const Search* search) {
  if (node == nullptr || !IsA(node, Var)) return false;
  auto* var = reinterpret_cast<Var*>(node);
  return var->varno == static_cast<int>(search->rel->relid) && var->varlevelsup == 0 && var->varattno == search->attnum;
}

bool is_whole_row(Node* node, const Search* search) {
  if (!IsA(node, Var)) return false;
  auto* var = reinterpret_cast<Var*>(node);
  return var->varno == static_cast<int>(search->rel->relid) && var->varlevelsup == 0 && var->varattno == 0;
}

bool takes_field(Oid function) {
  return function == F_JSON_OBJECT_FIELD || function == F_JSONB_OBJECT_FIELD || function == F_JSON_OBJECT_FIELD_TEXT ||
         function == F_JSONB_OBJECT_FIELD_TEXT;
}

// Notes the key of document -> 'key'; false when the node is something else.
bool note_field(Node* node, Search* search) {
  if (!IsA(node, OpExpr)) return false;
  auto* operation = reinterpret_cast<OpExpr*>(node);
  if (list_length(operation->args) != 2 || !takes_field(get_opcode(operation->opno)) ||
      !is_document(static_cast<Node*>(linitial(operation->args)), search))
    return false;
  auto* key = static_cast<Node*>(lsecond(operation->args));
  if (!IsA(key, Const) || reinterpret_cast<Const*>(key)->constisnull) return false;
  char* name = TextDatumGetCString(reinterpret_cast<Const*>(key)->constvalue);
  char* attribute = pg_server_to_any(name, static_cast<int>(strlen(name)), PG_UTF8);
  std::size_t length = strlen(attribute);
  // No attribute has an empty or too long a name: the result is NULL whatever is read.
  if (length == 0 || length > dynamodb::kMaxAttributeNameBytes) return true;
  search->fields = list_append_unique(search->fields, makeString(attribute));
  return true;
}

// Walks expressions; true as soon as the document is used in another way.
bool uses_otherwise(Node* node, void* argument) {
  auto* search = static_cast<Search*>(argument);
  if (node == nullptr || note_field(node, search)) return false;
  if (is_document(node, search) || is_whole_row(node, search)) return true;
  if (IsA(node, RestrictInfo))
    return uses_otherwise(reinterpret_cast<Node*>(reinterpret_cast<RestrictInfo*>(node)->clause), argument);
  return walk_expression(node, uses_otherwise, argument);
}

// The target list without what the planner adds to the table that a statement changes.
List* written_targets(PlannerInfo* root, RelOptInfo* rel) {
  if (!bms_is_member(rel->relid, root->all_result_relids)) return root->processed_tlist;
  List* targets = NIL;
  ListCell* cell;
  foreach (cell, root->processed_tlist)
    if (!lfirst_node(TargetEntry, cell)->resjunk) targets = lappend(targets, lfirst(cell));
  return targets;
}

}  // namespace

bool find_document_fields(PlannerInfo* root, RelOptInfo* rel, const ColumnOptions* column, List** fields) {
  // Members of an inheritance tree are referred to by their parent's columns, and lateral uses are out of sight here.
  if (rel->reloptkind != RELOPT_BASEREL || !bms_is_empty(rel->lateral_referencers)) return false;
  Search search{rel, column->attnum, *fields};
  const Query* parse = root->parse;
  Node* places[] = {reinterpret_cast<Node*>(written_targets(root, rel)), reinterpret_cast<Node*>(parse->jointree),
                    parse->havingQual, parse->limitCount, parse->limitOffset};
  for (Node* place : places)
    if (uses_otherwise(place, &search)) return false;
  *fields = search.fields;
  return true;
}

}  // namespace dynamodb_fdw
