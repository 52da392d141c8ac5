// The planner's side of INSERT, UPDATE and DELETE.
#include "modify_plan.hpp"

#include "access_path.hpp"
#include "compat.hpp"
#include "document_fields.hpp"

extern "C" {
#include "access/sysattr.h"
#include "optimizer/appendinfo.h"
#include "optimizer/inherit.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
}

namespace dynamodb_fdw {
namespace {

// The item travels as a system column that foreign tables cannot have otherwise, with a type of its own. Vars of that
// column are told from a user's by their type.
constexpr AttrNumber kItemAttribute = MaxCommandIdAttributeNumber;

Var* item_var(Index relid) { return makeVar(relid, kItemAttribute, BYTEAOID, -1, InvalidOid, 0); }

bool is_target(PlannerInfo* root, RelOptInfo* rel) {
  CmdType command = root->parse->commandType;
  return (command == CMD_UPDATE || command == CMD_DELETE) && bms_is_member(rel->relid, root->all_result_relids);
}

// Expressions of the query that are not the planner's own additions.
List* written_expressions(PlannerInfo* root) {
  List* expressions = list_make1(root->parse->jointree);
  ListCell* cell;
  foreach (cell, root->processed_tlist) {
    auto* entry = lfirst_node(TargetEntry, cell);
    if (!entry->resjunk) expressions = lappend(expressions, entry->expr);
  }
  return expressions;
}

Index topmost_parent(PlannerInfo* root, Index relid) {
  while (root->append_rel_array != nullptr && root->append_rel_array[relid] != nullptr)
    relid = root->append_rel_array[relid]->parent_relid;
  return relid;
}

bool uses_whole_row(PlannerInfo* root, RelOptInfo* rel) {
  Bitmapset* used = nullptr;
  pull_varattnos(reinterpret_cast<Node*>(written_expressions(root)), topmost_parent(root, rel->relid), &used);
  return bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
}

bool is_added_var(Node* node) {
  if (!IsA(node, Var)) return false;
  auto* var = reinterpret_cast<Var*>(node);
  return var->varattno == InvalidAttrNumber || (var->varattno == kItemAttribute && var->vartype == BYTEAOID);
}

void check_system_columns(RelOptInfo* rel, Bitmapset* used) {
  for (AttrNumber attnum = FirstLowInvalidHeapAttributeNumber + 1; attnum < 0; ++attnum) {
    if (attnum == TableOidAttributeNumber || !bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, used))
      continue;
    (void)rel;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("UPDATE and DELETE of a DynamoDB table cannot use system columns other than tableoid")));
  }
}

// A whole row that the user asks for has the table's row type, but the scan has only one whole row, the planner's
// record.
void check_whole_row(PlannerInfo* root, RelOptInfo* rel) {
  if (!uses_whole_row(root, rel)) return;
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("UPDATE and DELETE of a DynamoDB table cannot use the table's row as a whole"),
                  errhint("Name its columns, as in ROW(a, b).")));
}

// What the query's conditions and expressions use of the table, in the form of pull_varattnos().
Bitmapset* used_attributes(PlannerInfo* root, RelOptInfo* rel) {
  Bitmapset* used = nullptr;
  ListCell* cell;
  foreach (cell, rel->reltarget->exprs)
    if (!is_added_var(static_cast<Node*>(lfirst(cell))))
      pull_varattnos(static_cast<Node*>(lfirst(cell)), rel->relid, &used);
  foreach (cell, rel->baserestrictinfo)
    pull_varattnos(reinterpret_cast<Node*>(lfirst_node(RestrictInfo, cell)->clause), rel->relid, &used);
  check_system_columns(rel, used);
  check_whole_row(root, rel);
  return used;
}

bool has_row_triggers(const TriggerDesc* triggers, CmdType command, bool before_only) {
  if (triggers == nullptr) return false;
  if (command == CMD_UPDATE)
    return triggers->trig_update_before_row || (!before_only && triggers->trig_update_after_row);
  return triggers->trig_delete_before_row || (!before_only && triggers->trig_delete_after_row);
}

bool has_generated_columns(Relation relation) {
  return relation->rd_att->constr != nullptr && relation->rd_att->constr->has_generated_stored;
}

// What the expressions of generated columns use, in the form of pull_varattnos().
Bitmapset* generating_attributes(Relation relation) {
  Bitmapset* attributes = nullptr;
  for (int i = 0; i < relation->rd_att->natts; ++i)
    if (TupleDescAttr(relation->rd_att, i)->attgenerated != '\0')
      pull_varattnos(build_column_default(relation, i + 1), 1, &attributes);
  return attributes;
}

List* all_columns(const TableOptions* table) {
  List* columns = NIL;
  for (int i = 0; i < table->column_count; ++i)
    if (!table->columns[i].dropped) columns = lappend_int(columns, table->columns[i].attnum);
  return columns;
}

List* to_columns(const TableOptions* table, const Bitmapset* attributes) {
  if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attributes)) return all_columns(table);
  List* columns = NIL;
  for (int i = 0; i < table->column_count; ++i)
    if (!table->columns[i].dropped &&
        bms_is_member(table->columns[i].attnum - FirstLowInvalidHeapAttributeNumber, attributes))
      columns = lappend_int(columns, table->columns[i].attnum);
  return columns;
}

bool sets_key_or_document(const TableOptions* table, List* set_columns) {
  ListCell* cell;
  foreach (cell, set_columns) {
    const ColumnOptions& column = table->columns[lfirst_int(cell) - 1];
    if (column.partition_key || column.sort_key || column.document) return true;
  }
  return false;
}

// Documents of which only members are used need no more than these.
void find_document_use(PlannerInfo* root, RelOptInfo* rel, const TableOptions* table, ModifyNeeds* needs) {
  ListCell* cell;
  foreach (cell, needs->used) {
    const ColumnOptions& column = table->columns[lfirst_int(cell) - 1];
    if (column.document && !find_document_fields(root, rel, &column, &needs->document_fields))
      needs->whole_document = true;
  }
}

// Columns that triggers and generated columns use are used as a whole.
void add_used(const TableOptions* table, List* columns, ModifyNeeds* needs) {
  needs->used = list_concat_unique_int(needs->used, columns);
  ListCell* cell;
  foreach (cell, columns)
    needs->whole_document = needs->whole_document || table->columns[lfirst_int(cell) - 1].document;
}

// What a trigger makes of the row may depend on any column, what a generated column has on those that it names.
void find_hidden_use(const TableOptions* table, Relation relation, CmdType command, ModifyNeeds* needs) {
  if (has_row_triggers(relation->trigdesc, command, true))
    add_used(table, all_columns(table), needs);
  else if (command == CMD_UPDATE && has_generated_columns(relation))
    add_used(table, to_columns(table, generating_attributes(relation)), needs);
}

void look_at_relation(PlannerInfo* root, RelOptInfo* rel, const TableOptions* table, ModifyNeeds* needs) {
  CmdType command = root->parse->commandType;
  Relation relation = table_open(table->relid, NoLock);
  if (command == CMD_UPDATE) needs->set_columns = to_columns(table, updated_columns(root, rel));
  needs->triggers_set = command == CMD_UPDATE && has_row_triggers(relation->trigdesc, command, true);
  needs->whole_row = root->parse->returningList != NIL || root->parse->withCheckOptions != NIL ||
                     has_row_triggers(relation->trigdesc, command, false) ||
                     (command == CMD_UPDATE && has_generated_columns(relation));
  find_hidden_use(table, relation, command, needs);
  table_close(relation, NoLock);
}

enum Item { kFlags, kUsed, kDocumentFields, kSetColumns };

}  // namespace

ModifyNeeds* find_modify_needs(PlannerInfo* root, RelOptInfo* rel, const TableOptions* table) {
  if (!is_target(root, rel)) return nullptr;
  auto* needs = static_cast<ModifyNeeds*>(palloc0(sizeof(ModifyNeeds)));
  needs->used = to_columns(table, used_attributes(root, rel));
  find_document_use(root, rel, table, needs);
  look_at_relation(root, rel, table, needs);
  needs->all_attributes = needs->triggers_set || sets_key_or_document(table, needs->set_columns);
  return needs;
}

List* modify_scan_tlist(RelOptInfo* rel, const TableOptions* table) {
  List* tlist = NIL;
  AttrNumber place = 1;
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    Expr* expression = column.dropped ? reinterpret_cast<Expr*>(makeNullConst(INT4OID, -1, InvalidOid))
                                      : reinterpret_cast<Expr*>(makeVar(rel->relid, column.attnum, column.type,
                                                                        column.typmod, column.collation, 0));
    tlist = lappend(tlist, makeTargetEntry(expression, place++, nullptr, false));
  }
  // The planner asks for the old row as a record.
  Var* extras[] = {item_var(rel->relid), makeVar(rel->relid, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0),
                   makeVar(rel->relid, TableOidAttributeNumber, OIDOID, -1, InvalidOid, 0)};
  for (Var* extra : extras)
    tlist = lappend(tlist, makeTargetEntry(reinterpret_cast<Expr*>(extra), place++, nullptr, false));
  return tlist;
}

ModifyPlan deserialize_modify_plan(List* fdw_private) {
  ModifyPlan plan{};
  auto* flags = static_cast<List*>(list_nth(fdw_private, kFlags));
  plan.do_nothing = linitial_int(flags) != 0;
  plan.whole_document = lsecond_int(flags) != 0;
  plan.triggers_set = lthird_int(flags) != 0;
  plan.used = static_cast<List*>(list_nth(fdw_private, kUsed));
  plan.document_fields = static_cast<List*>(list_nth(fdw_private, kDocumentFields));
  plan.set_columns = static_cast<List*>(list_nth(fdw_private, kSetColumns));
  return plan;
}

void dynamodbAddForeignUpdateTargets(PlannerInfo* root, Index rtindex, RangeTblEntry*, Relation) {
  add_row_identity_var(root, item_var(rtindex), rtindex, kItemJunkName);
}

List* dynamodbPlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index result_relation, int) {
  if (plan->onConflictAction == ONCONFLICT_UPDATE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("ON CONFLICT DO UPDATE is not supported on DynamoDB tables"),
                    errhint("With the table option insert_mode 'put', INSERT replaces items that exist.")));
  List* used = NIL;
  List* fields = NIL;
  List* set_columns = NIL;
  bool whole_document = false;
  bool triggers_set = false;
  if (plan->operation == CMD_UPDATE || plan->operation == CMD_DELETE) {
    auto* planned = static_cast<PlannedTable*>(find_base_rel(root, result_relation)->fdw_private);
    if (planned != nullptr && planned->modify != nullptr) {
      used = planned->modify->used;
      fields = planned->modify->document_fields;
      set_columns = planned->modify->set_columns;
      whole_document = planned->modify->whole_document;
      triggers_set = planned->modify->triggers_set;
    }
  }
  List* flags = list_make3_int(plan->onConflictAction == ONCONFLICT_NOTHING, whole_document, triggers_set);
  return list_make4(flags, used, fields, set_columns);
}

int dynamodbIsForeignRelUpdatable(Relation relation) {
  const TableOptions* table = get_table_options(RelationGetRelid(relation));
  return table->updatable ? (1 << CMD_INSERT) | (1 << CMD_UPDATE) | (1 << CMD_DELETE) : 0;
}

}  // namespace dynamodb_fdw
