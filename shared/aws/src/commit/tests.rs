use super::*;

fn sizes(actions: &[usize], bytes: usize) -> Vec<Size> {
    let size = |actions: &usize| Size {
        actions: *actions,
        bytes,
    };
    actions.iter().map(size).collect()
}

#[test]
fn a_full_batch_of_imports_fits_into_five_transactions() {
    let groups = groups(&sizes(&[2; 200], 2_000));

    assert_eq!(groups.len(), 5);
    assert!(groups.iter().all(|group| group.len() <= 49));
}

#[test]
fn every_change_is_in_exactly_one_group_and_none_is_too_large() {
    for (actions, bytes) in [
        (vec![1; 99], 500),
        (vec![3; 70], 85 * 1024),
        ((0..150).map(|at| 1 + at % 3).collect(), 400 * 1024),
        (vec![2], 800 * 1024),
        (vec![2; 200], 85 * 1024),
    ] {
        let groups = groups(&sizes(&actions, bytes));
        let all: Vec<usize> = groups.iter().flatten().copied().collect();

        assert_eq!(all, (0..actions.len()).collect::<Vec<_>>());
        for group in groups {
            assert!(group.iter().map(|at| actions[*at]).sum::<usize>() <= 98);
            assert!(group.len() * bytes <= MAX_BYTES);
        }
    }
}
