<?php
// What PHP says under `do`, wherever an app asks for it.
$said = [$_GET['do'] ?? null, $_POST['do'] ?? null, $_REQUEST['do'] ?? null];
$values = [];
array_walk_recursive($said, function ($value) use (&$values): void {
    if ($value !== null) {
        $values[] = $value;
    }
});
header('content-type: application/json');
echo json_encode($values, JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
