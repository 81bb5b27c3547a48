; ModuleID = '__compute_module_call_computation_kernel_module'
source_filename = "__compute_module_call_computation_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

%XLA_CPU_KernelCallFrame = type { ptr, ptr, i64, ptr }
%XLA_CPU_NumWorkGroups = type { i64, i64, i64 }
%XLA_CPU_WorkGroupId = type { i64, i64, i64 }
%XLA_CPU_KernelArg = type { ptr, i64 }

@constant.15 = private unnamed_addr constant [4 x i8] c"\01\00\00\00", align 4
@0 = private unnamed_addr constant [4 x i8] zeroinitializer, align 4
@1 = private unnamed_addr constant [4 x i8] zeroinitializer, align 4
@constant.17 = private unnamed_addr constant [4 x i8] c":\00\00\00", align 4
@2 = private unnamed_addr constant [4 x i8] c"\00\00\80?"
@3 = private unnamed_addr constant [4 x i8] c"\BD7\865"
@4 = private unnamed_addr constant [4 x i8] zeroinitializer
@5 = private unnamed_addr constant [4 x i8] zeroinitializer
@6 = private unnamed_addr constant [4 x i8] c"\BD7\865"
@7 = private unnamed_addr constant [4 x i8] zeroinitializer
@8 = private unnamed_addr constant [4 x i8] zeroinitializer
@9 = private unnamed_addr constant [4 x i8] zeroinitializer
@10 = private unnamed_addr constant [4 x i8] zeroinitializer
@11 = private unnamed_addr constant [4 x i8] zeroinitializer
@12 = private unnamed_addr constant [4 x i8] zeroinitializer
@13 = private unnamed_addr constant [4 x i8] zeroinitializer
@14 = private unnamed_addr constant [4 x i8] zeroinitializer
@15 = private unnamed_addr constant [4 x i8] zeroinitializer

; Function Attrs: uwtable
define ptr @call_kernel(ptr %0) #0 {
  %num_workgroups_gep = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 0
  %num_workgroups = load ptr, ptr %num_workgroups_gep, align 8
  %num_workgroups_x_gep = getelementptr inbounds nuw %XLA_CPU_NumWorkGroups, ptr %num_workgroups, i32 0, i32 0
  %num_workgroups_y_gep = getelementptr inbounds nuw %XLA_CPU_NumWorkGroups, ptr %num_workgroups, i32 0, i32 1
  %num_workgroups_z_gep = getelementptr inbounds nuw %XLA_CPU_NumWorkGroups, ptr %num_workgroups, i32 0, i32 2
  %num_workgroups_x = load i64, ptr %num_workgroups_x_gep, align 4
  %num_workgroups_y = load i64, ptr %num_workgroups_y_gep, align 4
  %num_workgroups_z = load i64, ptr %num_workgroups_z_gep, align 4
  %workgroup_id_gep = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 1
  %workgroup_id = load ptr, ptr %workgroup_id_gep, align 8
  %workgroup_id_x_gep = getelementptr inbounds nuw %XLA_CPU_WorkGroupId, ptr %workgroup_id, i32 0, i32 0
  %workgroup_id_y_gep = getelementptr inbounds nuw %XLA_CPU_WorkGroupId, ptr %workgroup_id, i32 0, i32 1
  %workgroup_id_z_gep = getelementptr inbounds nuw %XLA_CPU_WorkGroupId, ptr %workgroup_id, i32 0, i32 2
  %workgroup_id_x = load i64, ptr %workgroup_id_x_gep, align 4
  %workgroup_id_y = load i64, ptr %workgroup_id_y_gep, align 4
  %workgroup_id_z = load i64, ptr %workgroup_id_z_gep, align 4
  %args_gep = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args = load ptr, ptr %args_gep, align 8
  %arg0_gep = getelementptr %XLA_CPU_KernelArg, ptr %args, i32 0, i32 0
  %arg0 = load ptr, ptr %arg0_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep1 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args2 = load ptr, ptr %args_gep1, align 8
  %arg1_gep = getelementptr %XLA_CPU_KernelArg, ptr %args2, i32 1, i32 0
  %arg1 = load ptr, ptr %arg1_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %args_gep3 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args4 = load ptr, ptr %args_gep3, align 8
  %arg2_gep = getelementptr %XLA_CPU_KernelArg, ptr %args4, i32 2, i32 0
  %arg2 = load ptr, ptr %arg2_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep5 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args6 = load ptr, ptr %args_gep5, align 8
  %arg3_gep = getelementptr %XLA_CPU_KernelArg, ptr %args6, i32 3, i32 0
  %arg3 = load ptr, ptr %arg3_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep7 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args8 = load ptr, ptr %args_gep7, align 8
  %arg4_gep = getelementptr %XLA_CPU_KernelArg, ptr %args8, i32 4, i32 0
  %arg4 = load ptr, ptr %arg4_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep9 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args10 = load ptr, ptr %args_gep9, align 8
  %arg5_gep = getelementptr %XLA_CPU_KernelArg, ptr %args10, i32 5, i32 0
  %arg5 = load ptr, ptr %arg5_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep11 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args12 = load ptr, ptr %args_gep11, align 8
  %arg6_gep = getelementptr %XLA_CPU_KernelArg, ptr %args12, i32 6, i32 0
  %arg6 = load ptr, ptr %arg6_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep13 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args14 = load ptr, ptr %args_gep13, align 8
  %arg7_gep = getelementptr %XLA_CPU_KernelArg, ptr %args14, i32 7, i32 0
  %arg7 = load ptr, ptr %arg7_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep15 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args16 = load ptr, ptr %args_gep15, align 8
  %arg8_gep = getelementptr %XLA_CPU_KernelArg, ptr %args16, i32 8, i32 0
  %arg8 = load ptr, ptr %arg8_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep17 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args18 = load ptr, ptr %args_gep17, align 8
  %arg9_gep = getelementptr %XLA_CPU_KernelArg, ptr %args18, i32 9, i32 0
  %arg9 = load ptr, ptr %arg9_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep19 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args20 = load ptr, ptr %args_gep19, align 8
  %arg10_gep = getelementptr %XLA_CPU_KernelArg, ptr %args20, i32 10, i32 0
  %arg10 = load ptr, ptr %arg10_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep21 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args22 = load ptr, ptr %args_gep21, align 8
  %arg11_gep = getelementptr %XLA_CPU_KernelArg, ptr %args22, i32 11, i32 0
  %arg11 = load ptr, ptr %arg11_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep23 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args24 = load ptr, ptr %args_gep23, align 8
  %arg12_gep = getelementptr %XLA_CPU_KernelArg, ptr %args24, i32 12, i32 0
  %arg12 = load ptr, ptr %arg12_gep, align 8, !invariant.load !3, !dereferenceable !8, !align !5
  %args_gep25 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args26 = load ptr, ptr %args_gep25, align 8
  %arg13_gep = getelementptr %XLA_CPU_KernelArg, ptr %args26, i32 13, i32 0
  %arg13 = load ptr, ptr %arg13_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep27 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args28 = load ptr, ptr %args_gep27, align 8
  %arg14_gep = getelementptr %XLA_CPU_KernelArg, ptr %args28, i32 14, i32 0
  %arg14 = load ptr, ptr %arg14_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep29 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args30 = load ptr, ptr %args_gep29, align 8
  %arg15_gep = getelementptr %XLA_CPU_KernelArg, ptr %args30, i32 15, i32 0
  %arg15 = load ptr, ptr %arg15_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep31 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args32 = load ptr, ptr %args_gep31, align 8
  %arg16_gep = getelementptr %XLA_CPU_KernelArg, ptr %args32, i32 16, i32 0
  %arg16 = load ptr, ptr %arg16_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep33 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args34 = load ptr, ptr %args_gep33, align 8
  %arg17_gep = getelementptr %XLA_CPU_KernelArg, ptr %args34, i32 17, i32 0
  %arg17 = load ptr, ptr %arg17_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep35 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args36 = load ptr, ptr %args_gep35, align 8
  %arg18_gep = getelementptr %XLA_CPU_KernelArg, ptr %args36, i32 18, i32 0
  %arg18 = load ptr, ptr %arg18_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep37 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args38 = load ptr, ptr %args_gep37, align 8
  %arg19_gep = getelementptr %XLA_CPU_KernelArg, ptr %args38, i32 19, i32 0
  %arg19 = load ptr, ptr %arg19_gep, align 8, !invariant.load !3, !dereferenceable !8, !align !5
  %args_gep39 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args40 = load ptr, ptr %args_gep39, align 8
  %arg20_gep = getelementptr %XLA_CPU_KernelArg, ptr %args40, i32 20, i32 0
  %arg20 = load ptr, ptr %arg20_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep41 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args42 = load ptr, ptr %args_gep41, align 8
  %arg21_gep = getelementptr %XLA_CPU_KernelArg, ptr %args42, i32 21, i32 0
  %arg21 = load ptr, ptr %arg21_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep43 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args44 = load ptr, ptr %args_gep43, align 8
  %arg22_gep = getelementptr %XLA_CPU_KernelArg, ptr %args44, i32 22, i32 0
  %arg22 = load ptr, ptr %arg22_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep45 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args46 = load ptr, ptr %args_gep45, align 8
  %arg23_gep = getelementptr %XLA_CPU_KernelArg, ptr %args46, i32 23, i32 0
  %arg23 = load ptr, ptr %arg23_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep47 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args48 = load ptr, ptr %args_gep47, align 8
  %arg24_gep = getelementptr %XLA_CPU_KernelArg, ptr %args48, i32 24, i32 0
  %arg24 = load ptr, ptr %arg24_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep49 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args50 = load ptr, ptr %args_gep49, align 8
  %arg25_gep = getelementptr %XLA_CPU_KernelArg, ptr %args50, i32 25, i32 0
  %arg25 = load ptr, ptr %arg25_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %args_gep51 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args52 = load ptr, ptr %args_gep51, align 8
  %arg26_gep = getelementptr %XLA_CPU_KernelArg, ptr %args52, i32 26, i32 0
  %arg26 = load ptr, ptr %arg26_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep53 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args54 = load ptr, ptr %args_gep53, align 8
  %arg27_gep = getelementptr %XLA_CPU_KernelArg, ptr %args54, i32 27, i32 0
  %arg27 = load ptr, ptr %arg27_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %args_gep55 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args56 = load ptr, ptr %args_gep55, align 8
  %arg28_gep = getelementptr %XLA_CPU_KernelArg, ptr %args56, i32 28, i32 0
  %arg28 = load ptr, ptr %arg28_gep, align 8, !invariant.load !3, !dereferenceable !9, !align !5
  %args_gep57 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args58 = load ptr, ptr %args_gep57, align 8
  %arg29_gep = getelementptr %XLA_CPU_KernelArg, ptr %args58, i32 29, i32 0
  %arg29 = load ptr, ptr %arg29_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %args_gep59 = getelementptr inbounds nuw %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %args60 = load ptr, ptr %args_gep59, align 8
  %arg30_gep = getelementptr %XLA_CPU_KernelArg, ptr %args60, i32 30, i32 0
  %arg30 = load ptr, ptr %arg30_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %buffer_table = alloca ptr, i64 31, align 8
  %2 = getelementptr inbounds ptr, ptr %buffer_table, i64 0
  store ptr %arg0, ptr %2, align 8
  %3 = getelementptr inbounds ptr, ptr %buffer_table, i64 1
  store ptr %arg1, ptr %3, align 8
  %4 = getelementptr inbounds ptr, ptr %buffer_table, i64 2
  store ptr %arg2, ptr %4, align 8
  %5 = getelementptr inbounds ptr, ptr %buffer_table, i64 3
  store ptr %arg3, ptr %5, align 8
  %6 = getelementptr inbounds ptr, ptr %buffer_table, i64 4
  store ptr %arg4, ptr %6, align 8
  %7 = getelementptr inbounds ptr, ptr %buffer_table, i64 5
  store ptr %arg5, ptr %7, align 8
  %8 = getelementptr inbounds ptr, ptr %buffer_table, i64 6
  store ptr %arg6, ptr %8, align 8
  %9 = getelementptr inbounds ptr, ptr %buffer_table, i64 7
  store ptr %arg7, ptr %9, align 8
  %10 = getelementptr inbounds ptr, ptr %buffer_table, i64 8
  store ptr %arg8, ptr %10, align 8
  %11 = getelementptr inbounds ptr, ptr %buffer_table, i64 9
  store ptr %arg9, ptr %11, align 8
  %12 = getelementptr inbounds ptr, ptr %buffer_table, i64 10
  store ptr %arg10, ptr %12, align 8
  %13 = getelementptr inbounds ptr, ptr %buffer_table, i64 11
  store ptr %arg11, ptr %13, align 8
  %14 = getelementptr inbounds ptr, ptr %buffer_table, i64 12
  store ptr %arg12, ptr %14, align 8
  %15 = getelementptr inbounds ptr, ptr %buffer_table, i64 13
  store ptr %arg13, ptr %15, align 8
  %16 = getelementptr inbounds ptr, ptr %buffer_table, i64 14
  store ptr %arg14, ptr %16, align 8
  %17 = getelementptr inbounds ptr, ptr %buffer_table, i64 15
  store ptr %arg15, ptr %17, align 8
  %18 = getelementptr inbounds ptr, ptr %buffer_table, i64 16
  store ptr %arg16, ptr %18, align 8
  %19 = getelementptr inbounds ptr, ptr %buffer_table, i64 17
  store ptr %arg17, ptr %19, align 8
  %20 = getelementptr inbounds ptr, ptr %buffer_table, i64 18
  store ptr %arg18, ptr %20, align 8
  %21 = getelementptr inbounds ptr, ptr %buffer_table, i64 19
  store ptr %arg19, ptr %21, align 8
  %22 = getelementptr inbounds ptr, ptr %buffer_table, i64 20
  store ptr %arg20, ptr %22, align 8
  %23 = getelementptr inbounds ptr, ptr %buffer_table, i64 21
  store ptr %arg21, ptr %23, align 8
  %24 = getelementptr inbounds ptr, ptr %buffer_table, i64 22
  store ptr %arg22, ptr %24, align 8
  %25 = getelementptr inbounds ptr, ptr %buffer_table, i64 23
  store ptr %arg23, ptr %25, align 8
  %26 = getelementptr inbounds ptr, ptr %buffer_table, i64 24
  store ptr %arg24, ptr %26, align 8
  %27 = getelementptr inbounds ptr, ptr %buffer_table, i64 25
  store ptr %arg25, ptr %27, align 8
  %28 = getelementptr inbounds ptr, ptr %buffer_table, i64 26
  store ptr %arg26, ptr %28, align 8
  %29 = getelementptr inbounds ptr, ptr %buffer_table, i64 27
  store ptr %arg27, ptr %29, align 8
  %30 = getelementptr inbounds ptr, ptr %buffer_table, i64 28
  store ptr %arg28, ptr %30, align 8
  %31 = getelementptr inbounds ptr, ptr %buffer_table, i64 29
  store ptr %arg29, ptr %31, align 8
  %32 = getelementptr inbounds ptr, ptr %buffer_table, i64 30
  store ptr %arg30, ptr %32, align 8
  call void @while.10_computation(ptr null, ptr null, ptr null, ptr %buffer_table, ptr null, ptr null)
  br label %return

return:                                           ; preds = %1
  ret ptr null
}

; Function Attrs: alwaysinline uwtable
define internal void @while.0(ptr %retval, ptr noalias %run_options, ptr noalias %params, ptr noalias %buffer_table, ptr noalias %status, ptr noalias %prof_counters) #1 {
entry:
  %dynamic_update_slice.11.invar_address.dim.1 = alloca i64, align 8
  %dynamic_update_slice.11.invar_address.dim.0 = alloca i64, align 8
  %select_select_fusion.kLoop_fusion.invar_address.dim.0 = alloca i64, align 8
  %dynamic_update_slice.8.invar_address.dim.1 = alloca i64, align 8
  %dynamic_update_slice.8.invar_address.dim.0 = alloca i64, align 8
  %multiply_add_fusion.kLoop_fusion.invar_address.dim.0 = alloca i64, align 8
  %dynamic_update_slice.9.invar_address.dim.1 = alloca i64, align 8
  %dynamic_update_slice.9.invar_address.dim.0 = alloca i64, align 8
  %dynamic_update_slice.10.invar_address.dim.1 = alloca i64, align 8
  %dynamic_update_slice.10.invar_address.dim.0 = alloca i64, align 8
  %add_divide_fusion.kLoop_fusion.invar_address.dim.0 = alloca i64, align 8
  %0 = getelementptr inbounds ptr, ptr %buffer_table, i64 25
  %arg_tuple.1 = load ptr, ptr %0, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %1 = getelementptr inbounds ptr, ptr %buffer_table, i64 19
  %2 = load ptr, ptr %1, align 8, !invariant.load !3, !dereferenceable !8, !align !5
  %3 = getelementptr inbounds ptr, ptr %buffer_table, i64 27
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %5 = getelementptr inbounds ptr, ptr %buffer_table, i64 15
  %6 = load ptr, ptr %5, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %7 = getelementptr inbounds ptr, ptr %buffer_table, i64 18
  %8 = load ptr, ptr %7, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %9 = getelementptr inbounds ptr, ptr %buffer_table, i64 17
  %10 = load ptr, ptr %9, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %11 = getelementptr inbounds ptr, ptr %buffer_table, i64 26
  %12 = load ptr, ptr %11, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %13 = getelementptr inbounds ptr, ptr %buffer_table, i64 23
  %14 = load ptr, ptr %13, align 8, !invariant.load !3, !dereferenceable !4, !align !4
  %15 = getelementptr inbounds ptr, ptr %buffer_table, i64 24
  %16 = load ptr, ptr %15, align 8, !invariant.load !3, !dereferenceable !4, !align !4
  %17 = getelementptr inbounds ptr, ptr %buffer_table, i64 16
  %18 = load ptr, ptr %17, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %19 = getelementptr inbounds ptr, ptr %buffer_table, i64 30
  %copy.13 = load ptr, ptr %19, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  call void @llvm.memcpy.p0.p0.i64(ptr align 1 %copy.13, ptr align 1 %14, i64 4, i1 false)
  %20 = getelementptr inbounds ptr, ptr %buffer_table, i64 23
  %copy.12 = load ptr, ptr %20, align 8, !invariant.load !3, !dereferenceable !4, !align !4
  call void @llvm.memcpy.p0.p0.i64(ptr align 1 %copy.12, ptr align 1 %16, i64 4, i1 false)
  %21 = getelementptr inbounds ptr, ptr %buffer_table, i64 20
  %copy.11 = load ptr, ptr %21, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  call void @llvm.memcpy.p0.p0.i64(ptr align 1 %copy.11, ptr align 1 %18, i64 4, i1 false)
  %22 = getelementptr inbounds ptr, ptr %buffer_table, i64 22
  %add_divide_fusion = load ptr, ptr %22, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  store i64 0, ptr %add_divide_fusion.kLoop_fusion.invar_address.dim.0, align 4
  br label %add_divide_fusion.kLoop_fusion.loop_header.dim.0

return:                                           ; preds = %dynamic_update_slice.11.loop_exit.dim.0
  ret void

add_divide_fusion.kLoop_fusion.loop_header.dim.0: ; preds = %add_divide_fusion.kLoop_fusion.loop_body.dim.0, %entry
  %add_divide_fusion.kLoop_fusion.indvar.dim.0 = load i64, ptr %add_divide_fusion.kLoop_fusion.invar_address.dim.0, align 4
  %23 = icmp uge i64 %add_divide_fusion.kLoop_fusion.indvar.dim.0, 1
  br i1 %23, label %add_divide_fusion.kLoop_fusion.loop_exit.dim.0, label %add_divide_fusion.kLoop_fusion.loop_body.dim.0

add_divide_fusion.kLoop_fusion.loop_body.dim.0:   ; preds = %add_divide_fusion.kLoop_fusion.loop_header.dim.0
  %constant.39 = load float, ptr @2, align 4
  %constant.391 = load float, ptr @2, align 4
  %24 = getelementptr inbounds [1 x float], ptr %copy.13, i64 0, i64 0
  %25 = load float, ptr %24, align 4, !alias.scope !11, !noalias !14
  %constant.38 = load float, ptr @3, align 4
  %add.10 = fadd float %25, %constant.38
  %div.5 = fdiv float %constant.391, %add.10
  %constant.392 = load float, ptr @2, align 4
  %add.9 = fadd float %div.5, %constant.392
  %div.4 = fdiv float %constant.39, %add.9
  %26 = getelementptr inbounds [1 x float], ptr %add_divide_fusion, i64 0, i64 0
  store float %div.4, ptr %26, align 4, !alias.scope !20, !noalias !21
  %invar.inc = add nuw nsw i64 %add_divide_fusion.kLoop_fusion.indvar.dim.0, 1
  store i64 %invar.inc, ptr %add_divide_fusion.kLoop_fusion.invar_address.dim.0, align 4
  br label %add_divide_fusion.kLoop_fusion.loop_header.dim.0

add_divide_fusion.kLoop_fusion.loop_exit.dim.0:   ; preds = %add_divide_fusion.kLoop_fusion.loop_header.dim.0
  %27 = getelementptr inbounds ptr, ptr %buffer_table, i64 16
  %wrapped_add = load ptr, ptr %27, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %28 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %29 = load i32, ptr @constant.15, align 4, !alias.scope !31, !noalias !32
  %30 = add i32 %28, %29
  store i32 %30, ptr %wrapped_add, align 4, !alias.scope !33, !noalias !34
  %31 = getelementptr inbounds ptr, ptr %buffer_table, i64 17
  %bitcast_dynamic-update-slice_fusion.2 = load ptr, ptr %31, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %32 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %33 = icmp sge i32 0, %32
  %34 = select i1 %33, i32 0, i32 %32
  %35 = icmp sle i32 57, %34
  %36 = select i1 %35, i32 57, i32 %34
  %constant.31 = load i32, ptr @5, align 4
  %37 = icmp sge i32 0, %constant.31
  %38 = select i1 %37, i32 0, i32 %constant.31
  %39 = icmp sle i32 0, %38
  %40 = select i1 %39, i32 0, i32 %38
  store i64 0, ptr %dynamic_update_slice.10.invar_address.dim.0, align 4
  br label %dynamic_update_slice.10.loop_header.dim.0

dynamic_update_slice.10.loop_header.dim.0:        ; preds = %dynamic_update_slice.10.loop_exit.dim.1, %add_divide_fusion.kLoop_fusion.loop_exit.dim.0
  %dynamic_update_slice.10.indvar.dim.0 = load i64, ptr %dynamic_update_slice.10.invar_address.dim.0, align 4
  %41 = icmp uge i64 %dynamic_update_slice.10.indvar.dim.0, 1
  br i1 %41, label %dynamic_update_slice.10.loop_exit.dim.0, label %dynamic_update_slice.10.loop_body.dim.0

dynamic_update_slice.10.loop_body.dim.0:          ; preds = %dynamic_update_slice.10.loop_header.dim.0
  store i64 0, ptr %dynamic_update_slice.10.invar_address.dim.1, align 4
  br label %dynamic_update_slice.10.loop_header.dim.1

dynamic_update_slice.10.loop_header.dim.1:        ; preds = %dynamic_update_slice.10.loop_body.dim.1, %dynamic_update_slice.10.loop_body.dim.0
  %dynamic_update_slice.10.indvar.dim.1 = load i64, ptr %dynamic_update_slice.10.invar_address.dim.1, align 4
  %42 = icmp uge i64 %dynamic_update_slice.10.indvar.dim.1, 1
  br i1 %42, label %dynamic_update_slice.10.loop_exit.dim.1, label %dynamic_update_slice.10.loop_body.dim.1

dynamic_update_slice.10.loop_body.dim.1:          ; preds = %dynamic_update_slice.10.loop_header.dim.1
  %43 = sext i32 %36 to i64
  %44 = add i64 %43, %dynamic_update_slice.10.indvar.dim.0
  %45 = sext i32 %40 to i64
  %46 = add i64 %45, %dynamic_update_slice.10.indvar.dim.1
  %47 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %48 = sext i32 %47 to i64
  %49 = icmp sge i64 0, %48
  %50 = select i1 %49, i64 0, i64 %48
  %51 = icmp sle i64 57, %50
  %dynamic_slice.6.start_idx0 = select i1 %51, i64 57, i64 %50
  %constant.315 = load i32, ptr @5, align 4
  %52 = sext i32 %constant.315 to i64
  %53 = icmp sge i64 0, %52
  %54 = select i1 %53, i64 0, i64 %52
  %55 = icmp sle i64 0, %54
  %dynamic_slice.6.start_idx1 = select i1 %55, i64 0, i64 %54
  %56 = add i64 %dynamic_slice.6.start_idx0, %dynamic_update_slice.10.indvar.dim.0
  %57 = add i64 %dynamic_slice.6.start_idx1, 0
  %58 = getelementptr inbounds [58 x [1 x i8]], ptr %2, i64 0, i64 %56, i64 0
  %59 = load i8, ptr %58, align 1, !alias.scope !36, !noalias !37
  %60 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %61 = sext i32 %60 to i64
  %62 = icmp sge i64 0, %61
  %63 = select i1 %62, i64 0, i64 %61
  %64 = icmp sle i64 57, %63
  %dynamic_slice.5.start_idx0 = select i1 %64, i64 57, i64 %63
  %constant.316 = load i32, ptr @5, align 4
  %65 = sext i32 %constant.316 to i64
  %66 = icmp sge i64 0, %65
  %67 = select i1 %66, i64 0, i64 %65
  %68 = icmp sle i64 0, %67
  %dynamic_slice.5.start_idx1 = select i1 %68, i64 0, i64 %67
  %69 = add i64 %dynamic_slice.5.start_idx0, %dynamic_update_slice.10.indvar.dim.0
  %70 = add i64 %dynamic_slice.5.start_idx1, 0
  %71 = getelementptr inbounds [58 x [1 x float]], ptr %4, i64 0, i64 %69, i64 0
  %72 = load float, ptr %71, align 4, !alias.scope !38, !noalias !39
  %constant.30 = load float, ptr @4, align 4
  %73 = trunc i8 %59 to i1
  %74 = select i1 %73, float %72, float %constant.30
  %75 = getelementptr inbounds [1 x float], ptr %copy.12, i64 0, i64 0
  %76 = load float, ptr %75, align 4, !alias.scope !40, !noalias !41
  %sub.2 = fsub float %74, %76
  %constant.307 = load float, ptr @4, align 4
  %77 = trunc i8 %59 to i1
  %78 = select i1 %77, float %sub.2, float %constant.307
  %79 = getelementptr inbounds [58 x [1 x float]], ptr %bitcast_dynamic-update-slice_fusion.2, i64 0, i64 %44, i64 0
  store float %78, ptr %79, align 4, !alias.scope !42, !noalias !43
  %invar.inc4 = add nuw nsw i64 %dynamic_update_slice.10.indvar.dim.1, 1
  store i64 %invar.inc4, ptr %dynamic_update_slice.10.invar_address.dim.1, align 4
  br label %dynamic_update_slice.10.loop_header.dim.1

dynamic_update_slice.10.loop_exit.dim.1:          ; preds = %dynamic_update_slice.10.loop_header.dim.1
  %invar.inc3 = add nuw nsw i64 %dynamic_update_slice.10.indvar.dim.0, 1
  store i64 %invar.inc3, ptr %dynamic_update_slice.10.invar_address.dim.0, align 4
  br label %dynamic_update_slice.10.loop_header.dim.0, !llvm.loop !44

dynamic_update_slice.10.loop_exit.dim.0:          ; preds = %dynamic_update_slice.10.loop_header.dim.0
  %80 = getelementptr inbounds ptr, ptr %buffer_table, i64 18
  %bitcast_dynamic-update-slice_fusion.1 = load ptr, ptr %80, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %81 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %82 = icmp sge i32 0, %81
  %83 = select i1 %82, i32 0, i32 %81
  %84 = icmp sle i32 57, %83
  %85 = select i1 %84, i32 57, i32 %83
  %constant.29 = load i32, ptr @7, align 4
  %86 = icmp sge i32 0, %constant.29
  %87 = select i1 %86, i32 0, i32 %constant.29
  %88 = icmp sle i32 0, %87
  %89 = select i1 %88, i32 0, i32 %87
  store i64 0, ptr %dynamic_update_slice.9.invar_address.dim.0, align 4
  br label %dynamic_update_slice.9.loop_header.dim.0

dynamic_update_slice.9.loop_header.dim.0:         ; preds = %dynamic_update_slice.9.loop_exit.dim.1, %dynamic_update_slice.10.loop_exit.dim.0
  %dynamic_update_slice.9.indvar.dim.0 = load i64, ptr %dynamic_update_slice.9.invar_address.dim.0, align 4
  %90 = icmp uge i64 %dynamic_update_slice.9.indvar.dim.0, 1
  br i1 %90, label %dynamic_update_slice.9.loop_exit.dim.0, label %dynamic_update_slice.9.loop_body.dim.0

dynamic_update_slice.9.loop_body.dim.0:           ; preds = %dynamic_update_slice.9.loop_header.dim.0
  store i64 0, ptr %dynamic_update_slice.9.invar_address.dim.1, align 4
  br label %dynamic_update_slice.9.loop_header.dim.1

dynamic_update_slice.9.loop_header.dim.1:         ; preds = %dynamic_update_slice.9.loop_body.dim.1, %dynamic_update_slice.9.loop_body.dim.0
  %dynamic_update_slice.9.indvar.dim.1 = load i64, ptr %dynamic_update_slice.9.invar_address.dim.1, align 4
  %91 = icmp uge i64 %dynamic_update_slice.9.indvar.dim.1, 1
  br i1 %91, label %dynamic_update_slice.9.loop_exit.dim.1, label %dynamic_update_slice.9.loop_body.dim.1

dynamic_update_slice.9.loop_body.dim.1:           ; preds = %dynamic_update_slice.9.loop_header.dim.1
  %92 = sext i32 %85 to i64
  %93 = add i64 %92, %dynamic_update_slice.9.indvar.dim.0
  %94 = sext i32 %89 to i64
  %95 = add i64 %94, %dynamic_update_slice.9.indvar.dim.1
  %96 = getelementptr inbounds [1 x float], ptr %copy.13, i64 0, i64 0
  %97 = load float, ptr %96, align 4, !alias.scope !11, !noalias !14
  %constant.28 = load float, ptr @6, align 4
  %add.6 = fadd float %97, %constant.28
  %98 = getelementptr inbounds [58 x [1 x float]], ptr %bitcast_dynamic-update-slice_fusion.1, i64 0, i64 %93, i64 0
  store float %add.6, ptr %98, align 4, !alias.scope !46, !noalias !47
  %invar.inc9 = add nuw nsw i64 %dynamic_update_slice.9.indvar.dim.1, 1
  store i64 %invar.inc9, ptr %dynamic_update_slice.9.invar_address.dim.1, align 4
  br label %dynamic_update_slice.9.loop_header.dim.1

dynamic_update_slice.9.loop_exit.dim.1:           ; preds = %dynamic_update_slice.9.loop_header.dim.1
  %invar.inc8 = add nuw nsw i64 %dynamic_update_slice.9.indvar.dim.0, 1
  store i64 %invar.inc8, ptr %dynamic_update_slice.9.invar_address.dim.0, align 4
  br label %dynamic_update_slice.9.loop_header.dim.0, !llvm.loop !48

dynamic_update_slice.9.loop_exit.dim.0:           ; preds = %dynamic_update_slice.9.loop_header.dim.0
  %99 = getelementptr inbounds ptr, ptr %buffer_table, i64 24
  %multiply_add_fusion = load ptr, ptr %99, align 8, !invariant.load !3, !dereferenceable !4, !align !4
  store i64 0, ptr %multiply_add_fusion.kLoop_fusion.invar_address.dim.0, align 4
  br label %multiply_add_fusion.kLoop_fusion.loop_header.dim.0

multiply_add_fusion.kLoop_fusion.loop_header.dim.0: ; preds = %multiply_add_fusion.kLoop_fusion.loop_body.dim.0, %dynamic_update_slice.9.loop_exit.dim.0
  %multiply_add_fusion.kLoop_fusion.indvar.dim.0 = load i64, ptr %multiply_add_fusion.kLoop_fusion.invar_address.dim.0, align 4
  %100 = icmp uge i64 %multiply_add_fusion.kLoop_fusion.indvar.dim.0, 1
  br i1 %100, label %multiply_add_fusion.kLoop_fusion.loop_exit.dim.0, label %multiply_add_fusion.kLoop_fusion.loop_body.dim.0

multiply_add_fusion.kLoop_fusion.loop_body.dim.0: ; preds = %multiply_add_fusion.kLoop_fusion.loop_header.dim.0
  %101 = getelementptr inbounds [1 x float], ptr %copy.12, i64 0, i64 0
  %102 = load float, ptr %101, align 4, !alias.scope !40, !noalias !41
  %103 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %104 = sext i32 %103 to i64
  %105 = icmp sge i64 0, %104
  %106 = select i1 %105, i64 0, i64 %104
  %107 = icmp sle i64 57, %106
  %dynamic_slice.10.start_idx0 = select i1 %107, i64 57, i64 %106
  %constant.37 = load i32, ptr @9, align 4
  %108 = sext i32 %constant.37 to i64
  %109 = icmp sge i64 0, %108
  %110 = select i1 %109, i64 0, i64 %108
  %111 = icmp sle i64 0, %110
  %dynamic_slice.10.start_idx1 = select i1 %111, i64 0, i64 %110
  %112 = add i64 %dynamic_slice.10.start_idx0, %multiply_add_fusion.kLoop_fusion.indvar.dim.0
  %113 = add i64 %dynamic_slice.10.start_idx1, 0
  %114 = getelementptr inbounds [58 x [1 x i8]], ptr %2, i64 0, i64 %112, i64 0
  %115 = load i8, ptr %114, align 1, !alias.scope !36, !noalias !37
  %116 = getelementptr inbounds [1 x float], ptr %add_divide_fusion, i64 0, i64 0
  %117 = load float, ptr %116, align 4, !alias.scope !20, !noalias !21
  %constant.36 = load float, ptr @8, align 4
  %118 = trunc i8 %115 to i1
  %119 = select i1 %118, float %117, float %constant.36
  %120 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %121 = sext i32 %120 to i64
  %122 = icmp sge i64 0, %121
  %123 = select i1 %122, i64 0, i64 %121
  %124 = icmp sle i64 57, %123
  %dynamic_slice.9.start_idx0 = select i1 %124, i64 57, i64 %123
  %constant.3711 = load i32, ptr @9, align 4
  %125 = sext i32 %constant.3711 to i64
  %126 = icmp sge i64 0, %125
  %127 = select i1 %126, i64 0, i64 %125
  %128 = icmp sle i64 0, %127
  %dynamic_slice.9.start_idx1 = select i1 %128, i64 0, i64 %127
  %129 = add i64 %dynamic_slice.9.start_idx0, %multiply_add_fusion.kLoop_fusion.indvar.dim.0
  %130 = add i64 %dynamic_slice.9.start_idx1, 0
  %131 = getelementptr inbounds [58 x [1 x float]], ptr %4, i64 0, i64 %129, i64 0
  %132 = load float, ptr %131, align 4, !alias.scope !38, !noalias !39
  %constant.3612 = load float, ptr @8, align 4
  %133 = trunc i8 %115 to i1
  %134 = select i1 %133, float %132, float %constant.3612
  %135 = getelementptr inbounds [1 x float], ptr %copy.12, i64 0, i64 0
  %136 = load float, ptr %135, align 4, !alias.scope !40, !noalias !41
  %sub.3 = fsub float %134, %136
  %mul.2 = fmul float %119, %sub.3
  %add.8 = fadd float %102, %mul.2
  %137 = getelementptr inbounds [1 x float], ptr %multiply_add_fusion, i64 0, i64 0
  store float %add.8, ptr %137, align 4, !alias.scope !49, !noalias !50
  %invar.inc10 = add nuw nsw i64 %multiply_add_fusion.kLoop_fusion.indvar.dim.0, 1
  store i64 %invar.inc10, ptr %multiply_add_fusion.kLoop_fusion.invar_address.dim.0, align 4
  br label %multiply_add_fusion.kLoop_fusion.loop_header.dim.0

multiply_add_fusion.kLoop_fusion.loop_exit.dim.0: ; preds = %multiply_add_fusion.kLoop_fusion.loop_header.dim.0
  %138 = getelementptr inbounds ptr, ptr %buffer_table, i64 15
  %bitcast_dynamic-update-slice_fusion = load ptr, ptr %138, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %139 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %140 = icmp sge i32 0, %139
  %141 = select i1 %140, i32 0, i32 %139
  %142 = icmp sle i32 57, %141
  %143 = select i1 %142, i32 57, i32 %141
  %constant.27 = load i32, ptr @11, align 4
  %144 = icmp sge i32 0, %constant.27
  %145 = select i1 %144, i32 0, i32 %constant.27
  %146 = icmp sle i32 0, %145
  %147 = select i1 %146, i32 0, i32 %145
  store i64 0, ptr %dynamic_update_slice.8.invar_address.dim.0, align 4
  br label %dynamic_update_slice.8.loop_header.dim.0

dynamic_update_slice.8.loop_header.dim.0:         ; preds = %dynamic_update_slice.8.loop_exit.dim.1, %multiply_add_fusion.kLoop_fusion.loop_exit.dim.0
  %dynamic_update_slice.8.indvar.dim.0 = load i64, ptr %dynamic_update_slice.8.invar_address.dim.0, align 4
  %148 = icmp uge i64 %dynamic_update_slice.8.indvar.dim.0, 1
  br i1 %148, label %dynamic_update_slice.8.loop_exit.dim.0, label %dynamic_update_slice.8.loop_body.dim.0

dynamic_update_slice.8.loop_body.dim.0:           ; preds = %dynamic_update_slice.8.loop_header.dim.0
  store i64 0, ptr %dynamic_update_slice.8.invar_address.dim.1, align 4
  br label %dynamic_update_slice.8.loop_header.dim.1

dynamic_update_slice.8.loop_header.dim.1:         ; preds = %dynamic_update_slice.8.loop_body.dim.1, %dynamic_update_slice.8.loop_body.dim.0
  %dynamic_update_slice.8.indvar.dim.1 = load i64, ptr %dynamic_update_slice.8.invar_address.dim.1, align 4
  %149 = icmp uge i64 %dynamic_update_slice.8.indvar.dim.1, 1
  br i1 %149, label %dynamic_update_slice.8.loop_exit.dim.1, label %dynamic_update_slice.8.loop_body.dim.1

dynamic_update_slice.8.loop_body.dim.1:           ; preds = %dynamic_update_slice.8.loop_header.dim.1
  %150 = sext i32 %143 to i64
  %151 = add i64 %150, %dynamic_update_slice.8.indvar.dim.0
  %152 = sext i32 %147 to i64
  %153 = add i64 %152, %dynamic_update_slice.8.indvar.dim.1
  %154 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %155 = sext i32 %154 to i64
  %156 = icmp sge i64 0, %155
  %157 = select i1 %156, i64 0, i64 %155
  %158 = icmp sle i64 57, %157
  %dynamic_slice.4.start_idx0 = select i1 %158, i64 57, i64 %157
  %constant.2715 = load i32, ptr @11, align 4
  %159 = sext i32 %constant.2715 to i64
  %160 = icmp sge i64 0, %159
  %161 = select i1 %160, i64 0, i64 %159
  %162 = icmp sle i64 0, %161
  %dynamic_slice.4.start_idx1 = select i1 %162, i64 0, i64 %161
  %163 = add i64 %dynamic_slice.4.start_idx0, %dynamic_update_slice.8.indvar.dim.0
  %164 = add i64 %dynamic_slice.4.start_idx1, 0
  %165 = getelementptr inbounds [58 x [1 x i8]], ptr %2, i64 0, i64 %163, i64 0
  %166 = load i8, ptr %165, align 1, !alias.scope !36, !noalias !37
  %167 = getelementptr inbounds [1 x float], ptr %add_divide_fusion, i64 0, i64 0
  %168 = load float, ptr %167, align 4, !alias.scope !20, !noalias !21
  %constant.26 = load float, ptr @10, align 4
  %169 = trunc i8 %166 to i1
  %170 = select i1 %169, float %168, float %constant.26
  %171 = getelementptr inbounds [58 x [1 x float]], ptr %bitcast_dynamic-update-slice_fusion, i64 0, i64 %151, i64 0
  store float %170, ptr %171, align 4, !alias.scope !51, !noalias !52
  %invar.inc14 = add nuw nsw i64 %dynamic_update_slice.8.indvar.dim.1, 1
  store i64 %invar.inc14, ptr %dynamic_update_slice.8.invar_address.dim.1, align 4
  br label %dynamic_update_slice.8.loop_header.dim.1

dynamic_update_slice.8.loop_exit.dim.1:           ; preds = %dynamic_update_slice.8.loop_header.dim.1
  %invar.inc13 = add nuw nsw i64 %dynamic_update_slice.8.indvar.dim.0, 1
  store i64 %invar.inc13, ptr %dynamic_update_slice.8.invar_address.dim.0, align 4
  br label %dynamic_update_slice.8.loop_header.dim.0, !llvm.loop !53

dynamic_update_slice.8.loop_exit.dim.0:           ; preds = %dynamic_update_slice.8.loop_header.dim.0
  %172 = getelementptr inbounds ptr, ptr %buffer_table, i64 23
  %select_select_fusion = load ptr, ptr %172, align 8, !invariant.load !3, !dereferenceable !4, !align !4
  store i64 0, ptr %select_select_fusion.kLoop_fusion.invar_address.dim.0, align 4
  br label %select_select_fusion.kLoop_fusion.loop_header.dim.0

select_select_fusion.kLoop_fusion.loop_header.dim.0: ; preds = %select_select_fusion.kLoop_fusion.loop_body.dim.0, %dynamic_update_slice.8.loop_exit.dim.0
  %select_select_fusion.kLoop_fusion.indvar.dim.0 = load i64, ptr %select_select_fusion.kLoop_fusion.invar_address.dim.0, align 4
  %173 = icmp uge i64 %select_select_fusion.kLoop_fusion.indvar.dim.0, 1
  br i1 %173, label %select_select_fusion.kLoop_fusion.loop_exit.dim.0, label %select_select_fusion.kLoop_fusion.loop_body.dim.0

select_select_fusion.kLoop_fusion.loop_body.dim.0: ; preds = %select_select_fusion.kLoop_fusion.loop_header.dim.0
  %174 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %175 = sext i32 %174 to i64
  %176 = icmp sge i64 0, %175
  %177 = select i1 %176, i64 0, i64 %175
  %178 = icmp sle i64 57, %177
  %dynamic_slice.8.start_idx0 = select i1 %178, i64 57, i64 %177
  %constant.35 = load i32, ptr @13, align 4
  %179 = sext i32 %constant.35 to i64
  %180 = icmp sge i64 0, %179
  %181 = select i1 %180, i64 0, i64 %179
  %182 = icmp sle i64 0, %181
  %dynamic_slice.8.start_idx1 = select i1 %182, i64 0, i64 %181
  %183 = add i64 %dynamic_slice.8.start_idx0, %select_select_fusion.kLoop_fusion.indvar.dim.0
  %184 = add i64 %dynamic_slice.8.start_idx1, 0
  %185 = getelementptr inbounds [58 x [1 x i8]], ptr %2, i64 0, i64 %183, i64 0
  %186 = load i8, ptr %185, align 1, !alias.scope !36, !noalias !37
  %187 = getelementptr inbounds [1 x float], ptr %add_divide_fusion, i64 0, i64 0
  %188 = load float, ptr %187, align 4, !alias.scope !20, !noalias !21
  %constant.34 = load float, ptr @12, align 4
  %189 = trunc i8 %186 to i1
  %190 = select i1 %189, float %188, float %constant.34
  %191 = getelementptr inbounds [1 x float], ptr %copy.13, i64 0, i64 0
  %192 = load float, ptr %191, align 4, !alias.scope !11, !noalias !14
  %193 = trunc i8 %186 to i1
  %194 = select i1 %193, float %190, float %192
  %195 = getelementptr inbounds [1 x float], ptr %select_select_fusion, i64 0, i64 0
  store float %194, ptr %195, align 4, !alias.scope !40, !noalias !54
  %invar.inc16 = add nuw nsw i64 %select_select_fusion.kLoop_fusion.indvar.dim.0, 1
  store i64 %invar.inc16, ptr %select_select_fusion.kLoop_fusion.invar_address.dim.0, align 4
  br label %select_select_fusion.kLoop_fusion.loop_header.dim.0

select_select_fusion.kLoop_fusion.loop_exit.dim.0: ; preds = %select_select_fusion.kLoop_fusion.loop_header.dim.0
  %196 = getelementptr inbounds ptr, ptr %buffer_table, i64 26
  %bitcast_dynamic-update-slice_fusion.3 = load ptr, ptr %196, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %197 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %198 = icmp sge i32 0, %197
  %199 = select i1 %198, i32 0, i32 %197
  %200 = icmp sle i32 57, %199
  %201 = select i1 %200, i32 57, i32 %199
  %constant.33 = load i32, ptr @15, align 4
  %202 = icmp sge i32 0, %constant.33
  %203 = select i1 %202, i32 0, i32 %constant.33
  %204 = icmp sle i32 0, %203
  %205 = select i1 %204, i32 0, i32 %203
  store i64 0, ptr %dynamic_update_slice.11.invar_address.dim.0, align 4
  br label %dynamic_update_slice.11.loop_header.dim.0

dynamic_update_slice.11.loop_header.dim.0:        ; preds = %dynamic_update_slice.11.loop_exit.dim.1, %select_select_fusion.kLoop_fusion.loop_exit.dim.0
  %dynamic_update_slice.11.indvar.dim.0 = load i64, ptr %dynamic_update_slice.11.invar_address.dim.0, align 4
  %206 = icmp uge i64 %dynamic_update_slice.11.indvar.dim.0, 1
  br i1 %206, label %dynamic_update_slice.11.loop_exit.dim.0, label %dynamic_update_slice.11.loop_body.dim.0

dynamic_update_slice.11.loop_body.dim.0:          ; preds = %dynamic_update_slice.11.loop_header.dim.0
  store i64 0, ptr %dynamic_update_slice.11.invar_address.dim.1, align 4
  br label %dynamic_update_slice.11.loop_header.dim.1

dynamic_update_slice.11.loop_header.dim.1:        ; preds = %dynamic_update_slice.11.loop_body.dim.1, %dynamic_update_slice.11.loop_body.dim.0
  %dynamic_update_slice.11.indvar.dim.1 = load i64, ptr %dynamic_update_slice.11.invar_address.dim.1, align 4
  %207 = icmp uge i64 %dynamic_update_slice.11.indvar.dim.1, 1
  br i1 %207, label %dynamic_update_slice.11.loop_exit.dim.1, label %dynamic_update_slice.11.loop_body.dim.1

dynamic_update_slice.11.loop_body.dim.1:          ; preds = %dynamic_update_slice.11.loop_header.dim.1
  %208 = sext i32 %201 to i64
  %209 = add i64 %208, %dynamic_update_slice.11.indvar.dim.0
  %210 = sext i32 %205 to i64
  %211 = add i64 %210, %dynamic_update_slice.11.indvar.dim.1
  %212 = load i32, ptr %copy.11, align 4, !alias.scope !25, !noalias !26
  %213 = sext i32 %212 to i64
  %214 = icmp sge i64 0, %213
  %215 = select i1 %214, i64 0, i64 %213
  %216 = icmp sle i64 57, %215
  %dynamic_slice.7.start_idx0 = select i1 %216, i64 57, i64 %215
  %constant.3319 = load i32, ptr @15, align 4
  %217 = sext i32 %constant.3319 to i64
  %218 = icmp sge i64 0, %217
  %219 = select i1 %218, i64 0, i64 %217
  %220 = icmp sle i64 0, %219
  %dynamic_slice.7.start_idx1 = select i1 %220, i64 0, i64 %219
  %221 = add i64 %dynamic_slice.7.start_idx0, %dynamic_update_slice.11.indvar.dim.0
  %222 = add i64 %dynamic_slice.7.start_idx1, 0
  %223 = getelementptr inbounds [58 x [1 x i8]], ptr %2, i64 0, i64 %221, i64 0
  %224 = load i8, ptr %223, align 1, !alias.scope !36, !noalias !37
  %225 = getelementptr inbounds [1 x float], ptr %multiply_add_fusion, i64 0, i64 0
  %226 = load float, ptr %225, align 4, !alias.scope !49, !noalias !50
  %constant.32 = load float, ptr @14, align 4
  %227 = trunc i8 %224 to i1
  %228 = select i1 %227, float %226, float %constant.32
  %229 = getelementptr inbounds [58 x [1 x float]], ptr %bitcast_dynamic-update-slice_fusion.3, i64 0, i64 %209, i64 0
  store float %228, ptr %229, align 4, !alias.scope !55, !noalias !56
  %invar.inc18 = add nuw nsw i64 %dynamic_update_slice.11.indvar.dim.1, 1
  store i64 %invar.inc18, ptr %dynamic_update_slice.11.invar_address.dim.1, align 4
  br label %dynamic_update_slice.11.loop_header.dim.1

dynamic_update_slice.11.loop_exit.dim.1:          ; preds = %dynamic_update_slice.11.loop_header.dim.1
  %invar.inc17 = add nuw nsw i64 %dynamic_update_slice.11.indvar.dim.0, 1
  store i64 %invar.inc17, ptr %dynamic_update_slice.11.invar_address.dim.0, align 4
  br label %dynamic_update_slice.11.loop_header.dim.0, !llvm.loop !57

dynamic_update_slice.11.loop_exit.dim.0:          ; preds = %dynamic_update_slice.11.loop_header.dim.0
  %230 = getelementptr inbounds ptr, ptr %buffer_table, i64 25
  %tuple.6 = load ptr, ptr %230, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %231 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 0
  store ptr %wrapped_add, ptr %231, align 8, !alias.scope !58, !noalias !59
  %232 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 1
  store ptr %multiply_add_fusion, ptr %232, align 8, !alias.scope !58, !noalias !59
  %233 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 2
  store ptr %select_select_fusion, ptr %233, align 8, !alias.scope !58, !noalias !59
  %234 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 3
  store ptr %bitcast_dynamic-update-slice_fusion.3, ptr %234, align 8, !alias.scope !58, !noalias !59
  %235 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 4
  store ptr %bitcast_dynamic-update-slice_fusion.2, ptr %235, align 8, !alias.scope !58, !noalias !59
  %236 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 5
  store ptr %bitcast_dynamic-update-slice_fusion.1, ptr %236, align 8, !alias.scope !58, !noalias !59
  %237 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 6
  store ptr %bitcast_dynamic-update-slice_fusion, ptr %237, align 8, !alias.scope !58, !noalias !59
  %238 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 7
  store ptr %4, ptr %238, align 8, !alias.scope !58, !noalias !59
  %239 = getelementptr inbounds [9 x ptr], ptr %tuple.6, i64 0, i64 8
  store ptr %2, ptr %239, align 8, !alias.scope !58, !noalias !59
  br label %return
}

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #2

; Function Attrs: alwaysinline uwtable
define internal void @while.0__1(ptr %retval, ptr noalias %run_options, ptr noalias %params, ptr noalias %buffer_table, ptr noalias %status, ptr noalias %prof_counters) #1 {
entry:
  %0 = getelementptr inbounds ptr, ptr %buffer_table, i64 25
  %arg_tuple.3 = load ptr, ptr %0, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %1 = getelementptr inbounds ptr, ptr %buffer_table, i64 16
  %2 = load ptr, ptr %1, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %3 = getelementptr inbounds ptr, ptr %buffer_table, i64 28
  %wrapped_compare = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %4 = load i32, ptr %2, align 4, !alias.scope !33, !noalias !60
  %5 = load i32, ptr @constant.17, align 4, !alias.scope !63, !noalias !64
  %6 = icmp slt i32 %4, %5
  %7 = zext i1 %6 to i8
  store i8 %7, ptr %wrapped_compare, align 1, !alias.scope !65, !noalias !66
  br label %return

return:                                           ; preds = %entry
  ret void
}

; Function Attrs: alwaysinline uwtable
define internal void @while.10_computation(ptr %retval, ptr noalias %run_options, ptr noalias %params, ptr noalias %buffer_table, ptr noalias %status, ptr noalias %prof_counters) #1 {
entry:
  %0 = getelementptr inbounds ptr, ptr %buffer_table, i64 25
  %tuple.7 = load ptr, ptr %0, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %1 = getelementptr inbounds ptr, ptr %buffer_table, i64 25
  %while.0 = load ptr, ptr %1, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  br label %while.0.header

return:                                           ; preds = %while.0.exit
  ret void

while.0.header:                                   ; preds = %while.0.body, %entry
  call void @while.0__1(ptr null, ptr %run_options, ptr null, ptr %buffer_table, ptr %status, ptr %prof_counters)
  %2 = getelementptr inbounds ptr, ptr %buffer_table, i64 28
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !10, !align !5
  %4 = load i8, ptr %3, align 1
  %5 = icmp ne i8 %4, 0
  br i1 %5, label %while.0.body, label %while.0.exit

while.0.body:                                     ; preds = %while.0.header
  call void @while.0(ptr null, ptr %run_options, ptr null, ptr %buffer_table, ptr %status, ptr %prof_counters)
  br label %while.0.header

while.0.exit:                                     ; preds = %while.0.header
  br label %return
}

attributes #0 = { uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { alwaysinline uwtable "denormal-fp-math"="preserve-sign" "no-frame-pointer-elim"="false" }
attributes #2 = { nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }

!xla_cpu_memory_region_name = !{!0, !1}
!llvm.module.flags = !{!2}

!0 = !{!"xla_cpu_emitter__computation_kernel_emitter__hlo_opcode__call"}
!1 = !{!"ir_emitter"}
!2 = !{i32 1, !"xla_dylib_index", i64 0}
!3 = !{}
!4 = !{i64 4}
!5 = !{i64 64}
!6 = !{i64 72}
!7 = !{i64 232}
!8 = !{i64 58}
!9 = !{i64 1}
!10 = !{i64 324}
!11 = !{!12}
!12 = !{!"buffer: {index:15, offset:192, size:4}", !13}
!13 = !{!"XLA global AA domain"}
!14 = !{!15, !16, !17, !18, !19}
!15 = !{!"buffer: {index:2, offset:0, size:232}", !13}
!16 = !{!"buffer: {index:6, offset:0, size:58}", !13}
!17 = !{!"buffer: {index:9, offset:0, size:4}", !13}
!18 = !{!"buffer: {index:15, offset:128, size:4}", !13}
!19 = !{!"buffer: {index:15, offset:256, size:4}", !13}
!20 = !{!19}
!21 = !{!22, !23, !16, !24, !17, !18, !12}
!22 = !{!"buffer: {index:3, offset:0, size:232}", !13}
!23 = !{!"buffer: {index:4, offset:0, size:232}", !13}
!24 = !{!"buffer: {index:8, offset:0, size:4}", !13}
!25 = !{!18}
!26 = !{!27, !28, !15, !22, !23, !29, !16, !24, !17, !12, !19, !30}
!27 = !{!"buffer: {index:0, offset:0, size:232}", !13}
!28 = !{!"buffer: {index:1, offset:0, size:232}", !13}
!29 = !{!"buffer: {index:5, offset:0, size:4}", !13}
!30 = !{!"buffer: {index:15, offset:320, size:4}", !13}
!31 = !{!29}
!32 = !{!18, !30}
!33 = !{!30}
!34 = !{!27, !28, !15, !22, !23, !29, !16, !24, !17, !35, !18}
!35 = !{!"buffer: {index:15, offset:0, size:72}", !13}
!36 = !{!16}
!37 = !{!27, !28, !15, !22, !23, !24, !17, !35, !18, !12, !19, !30}
!38 = !{!23}
!39 = !{!27, !28, !15, !22, !16, !24, !17, !35, !18, !19, !30}
!40 = !{!17}
!41 = !{!28, !23, !16, !24, !18, !19}
!42 = !{!28}
!43 = !{!27, !15, !22, !23, !16, !24, !17, !35, !18, !30}
!44 = distinct !{!44, !45}
!45 = !{!"llvm.loop.unroll.disable"}
!46 = !{!15}
!47 = !{!27, !28, !22, !23, !16, !24, !17, !35, !18, !12, !30}
!48 = distinct !{!48, !45}
!49 = !{!24}
!50 = !{!27, !28, !15, !22, !23, !16, !17, !35, !18, !19, !30}
!51 = !{!22}
!52 = !{!27, !28, !15, !23, !16, !24, !17, !35, !18, !19, !30}
!53 = distinct !{!53, !45}
!54 = !{!27, !28, !15, !22, !23, !16, !24, !35, !18, !12, !19, !30}
!55 = !{!27}
!56 = !{!28, !15, !22, !23, !16, !24, !17, !35, !18, !30}
!57 = distinct !{!57, !45}
!58 = !{!35}
!59 = !{!27, !28, !15, !22, !23, !16, !24, !17, !30}
!60 = !{!61, !62}
!61 = !{!"buffer: {index:14, offset:0, size:4}", !13}
!62 = !{!"buffer: {index:15, offset:128, size:1}", !13}
!63 = !{!61}
!64 = !{!62, !30}
!65 = !{!62}
!66 = !{!61, !30}
